"""Documents: found, read, written, moved."""

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from yoto import (
    PUBLIC,
    check_permission,
    has_permission,
    require_permission,
    visible,
)

from .access import visitor
from .explaining import why
from .models import Document, Project, db
from .sharing import choices, given_at, readers_of

pages = Blueprint("pages", __name__)
CLASSIFICATIONS = ["internal", "confidential"]


@pages.get("/")
def index() -> str:
    words = request.args.get("q", "")
    found = select(Document).where(Document.name.contains(words, autoescape=True))
    found = visible(found.order_by(Document.name), visitor(), "document.read")
    return render_template(
        "index.html",
        words=words,
        page=db.paginate(found, per_page=8, error_out=False),
        projects=_projects("project.open"),
        targets=_projects("document.add"),
    )


@pages.post("/documents")
@require_permission(
    "document.add", scope="project", scope_id=lambda request: request.form["project"]
)
def add() -> Response:
    project_id, name = UUID(request.form["project"]), request.form["name"]
    made = Document(name=name, project_id=project_id, author_id=current_user.id)
    db.session.add(made)
    db.session.commit()
    return _to(made.id)


@pages.get("/documents/<uuid:document_id>")
@require_permission("document.read", scope="document", scope_id="document_id")
def read(document_id: UUID) -> str:
    document = db.get_or_404(Document, document_id)
    shares = has_permission("document.share", "document", document_id)
    return render_template(
        "document.html",
        document=document,
        classifications=CLASSIFICATIONS,
        targets=[one for one in _projects("document.add") if one != document.project],
        why=list(why("document.read", document)),
        sharing=shares
        and {
            "who": choices(document.project.workspace, public=True),
            "given": given_at("document", document_id),
            "readers": readers_of(document_id),
        },
    )


@pages.get("/public/<uuid:document_id>")
def read_in_public(document_id: UUID) -> str:
    if not check_permission(PUBLIC, "document.read", "document", document_id):
        abort(404)
    return render_template("public.html", document=db.get_or_404(Document, document_id))


@pages.post("/documents/<uuid:document_id>")
@require_permission("document.write", scope="document", scope_id="document_id")
def write(document_id: UUID) -> Response:
    document = db.get_or_404(Document, document_id)
    document.name, document.body = request.form["name"], request.form["body"]
    if request.form["classification"] in CLASSIFICATIONS:
        document.classification = request.form["classification"]
    db.session.commit()
    return _to(document_id)


@pages.post("/documents/<uuid:document_id>/delete")
@require_permission("document.delete", scope="document", scope_id="document_id")
def delete(document_id: UUID) -> Response:
    db.session.delete(db.get_or_404(Document, document_id))
    db.session.commit()
    return redirect(url_for("pages.index"), 303)


# Asked at both places: moving takes rights from whoever had them by the project that it leaves.
@pages.post("/documents/<uuid:document_id>/move")
@require_permission("document.delete", scope="document", scope_id="document_id")
@require_permission(
    "document.add", scope="project", scope_id=lambda request: request.form["project"]
)
def move(document_id: UUID) -> Response:
    db.get_or_404(Document, document_id).project_id = UUID(request.form["project"])
    db.session.commit()
    return _to(document_id)


def _projects(permission: str) -> list[Project]:
    found = visible(select(Project).order_by(Project.name), visitor(), permission)
    return list(db.session.scalars(found))


def _to(document_id: UUID) -> Response:
    return redirect(url_for("pages.read", document_id=document_id), 303)
