"""Roles for people, teams, everyone and the public, at a document or at a project; and teams."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from yoto import (
    PUBLIC,
    Everyone,
    Team,
    add_team_members,
    assign,
    create_team,
    holders,
    list_sets,
    list_users,
    remove_team_members,
    require_permission,
    team_members,
    unassign,
    visible,
)

from .access import ROLES, role_ids
from .models import Document, Person, Project, Workspace, WorkspaceTeam, db

sharing = Blueprint("sharing", __name__)
sharing.add_app_template_global(ROLES, "ROLES")
at_document = {"scope": "document", "scope_id": "document_id"}
at_project = {"scope": "project", "scope_id": "project_id"}
at_workspace = {"scope": "workspace", "scope_id": "workspace_id"}


@sharing.post("/documents/<uuid:document_id>/share")
@require_permission("document.share", **at_document)
def share(document_id: UUID) -> Response:
    workspace = db.get_or_404(Document, document_id).project.workspace
    _give(("document", document_id), choices(workspace, public=True))
    return redirect(url_for("pages.read", document_id=document_id), 303)


@sharing.post("/documents/<uuid:document_id>/unshare")
@require_permission("document.share", **at_document)
def unshare(document_id: UUID) -> Response:
    """Take back one thing that was given here, or all: the document is private then."""
    _take(("document", document_id))
    return redirect(url_for("pages.read", document_id=document_id), 303)


@sharing.get("/projects/<uuid:project_id>")
@require_permission("project.open", **at_project)
def project(project_id: UUID) -> str:
    found = db.get_or_404(Project, project_id)
    inside = select(Document).filter_by(project_id=project_id).order_by(Document.name)
    return render_template(
        "project.html",
        project=found,
        documents=db.session.scalars(visible(inside, current_user.id, "document.read")),
        given=given_at("project", project_id),
        who=choices(found.workspace),
    )


@sharing.post("/projects/<uuid:project_id>/share")
@require_permission("project.share", **at_project)
def share_project(project_id: UUID) -> Response:
    _give(("project", project_id), choices(db.get_or_404(Project, project_id).workspace))
    return redirect(url_for("sharing.project", project_id=project_id), 303)


@sharing.post("/projects/<uuid:project_id>/unshare")
@require_permission("project.share", **at_project)
def unshare_project(project_id: UUID) -> Response:
    _take(("project", project_id))
    return redirect(url_for("sharing.project", project_id=project_id), 303)


@sharing.get("/workspaces/<uuid:workspace_id>/teams")
@require_permission("workspace.administer", **at_workspace)
def teams(workspace_id: UUID) -> str:
    workspace = db.get_or_404(Workspace, workspace_id)
    inside = {
        team: [db.session.get_one(Person, one.subject) for one in team_members(team.team_id)]
        for team in _teams_of(workspace)
    }
    return render_template("teams.html", workspace=workspace, teams=inside)


@sharing.post("/workspaces/<uuid:workspace_id>/teams")
@require_permission("workspace.administer", **at_workspace)
def make_team(workspace_id: UUID) -> Response:
    name = request.form["name"]
    # Names of Yoto's teams are unique on the platform, ours in their workspace.
    made = create_team(f"{name} ({workspace_id})", reason=_by(), commit=False)
    db.session.add(WorkspaceTeam(team_id=made.ids[0], workspace_id=workspace_id, name=name))
    db.session.commit()
    return redirect(url_for("sharing.teams", workspace_id=workspace_id), 303)


@sharing.post("/workspaces/<uuid:workspace_id>/teams/<int:team_id>")
@require_permission("workspace.administer", **at_workspace)
def change_team(workspace_id: UUID, team_id: int) -> Response:
    workspace = db.get_or_404(Workspace, workspace_id)
    if team_id not in [team.team_id for team in _teams_of(workspace)]:
        abort(404)
    members = [one.id for one in workspace.members if str(one.id) == request.form["person"]]
    change = add_team_members if request.form["do"] == "add" else remove_team_members
    change(team_id, members, reason=_by())
    return redirect(url_for("sharing.teams", workspace_id=workspace_id), 303)


def choices(workspace: Workspace, public: bool = False) -> dict[str, Any]:
    """The subjects that a role can be given to, by their names in forms."""
    found: dict[str, Any] = {"public": PUBLIC} if public else {}
    found["everyone"] = Everyone("workspace", workspace.id)
    found |= {f"team {one.team_id}": Team(one.team_id) for one in _teams_of(workspace)}
    people = db.session.scalars(select(Person).order_by(Person.name))
    return found | {str(one.id): one.id for one in people}


def given_at(type: str, id: UUID) -> list[dict[str, Any]]:
    """Grants at a node itself."""
    roles = {number: name for name, number in role_ids().items()}
    return [
        {
            "id": one.id,
            "who": one.subject,
            "role": roles[one.role_id],
            "until": one.valid_until,
            "public": one.subject is PUBLIC,
        }
        for one in holders(type, id)
    ]


def readers_of(document_id: UUID) -> list[Any]:
    """The readers of a document, by whatever way: sets of people first, then one by one."""
    sets = list_sets("document.read", "document", document_id)
    page = list_users("document.read", "document", document_id, limit=50)
    return [*sets, *page.ids]


@sharing.app_template_global()
def called(subject: Any) -> str:
    match subject:
        case Team(number):
            return f"Team {db.session.get_one(WorkspaceTeam, number).name}"
        case Everyone(_, workspace_id):
            return f"Everyone in {db.session.get_one(Workspace, workspace_id).name}"
        case UUID():
            return db.session.get_one(Person, subject).name
    return "Anyone with the link"


def _teams_of(workspace: Workspace) -> list[WorkspaceTeam]:
    found = select(WorkspaceTeam).filter_by(workspace_id=workspace.id).order_by(WorkspaceTeam.name)
    return list(db.session.scalars(found))


def _give(at: tuple[str, UUID], among: dict[str, Any]) -> None:
    who, role = request.form["who"], request.form["role"]
    if who not in among or role not in ROLES or (among[who] is PUBLIC and role != "reader"):
        abort(400)
    days = request.form.get("days", type=int)
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    # As the visitor: nobody gives what they lack there, or for longer, and records name them.
    assign(among[who], role, at=at, valid_until=until, actor_id=current_user.id)


def _take(at: tuple[str, UUID]) -> None:
    for held in holders(*at):
        if request.form["id"] in ("all", str(held.id)):
            by = current_user.id
            unassign(held.subject, held.role_id, at=at, actor_id=by, commit=False)
    db.session.commit()


def _by() -> str:
    return f"by {current_user.name}"
