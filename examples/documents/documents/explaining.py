"""Why somebody may, or may not, in words; and the page for whoever may not."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, render_template
from flask_login import current_user

from yoto import (
    PUBLIC,
    Everyone,
    PermissionDenied,
    Team,
    ValidationFailed,
    explain,
    list_users,
)
from yoto.errors import UnknownResource

from .access import role_ids
from .models import db
from .sharing import called

DOING = {
    "document.read": "read this document",
    "document.write": "change this document",
    "document.share": "decide who has this document",
    "document.delete": "delete this document",
    "document.add": "add a document to this project",
    "project.open": "open this project",
    "project.share": "decide who has this project",
    "workspace.administer": "administer this workspace",
}
REASONS = {
    "owner": "You own it, or what it is in.",
    "administrator": "You decide who has it, or what it is in.",
    "granted": "A role gives you that.",
    "not_granted": "No role that you have allows it here.",
    "not_member": "You are not in its workspace, and nobody has shared it with you.",
    "overwrite_denied": "It was taken from you here.",
    "no_channel_access": "You may not even read it.",
}
# Why a write is refused that was asked for with somebody's id.
REFUSALS = {
    "lacks_permission": "You do not have that yourself, or not for so long.",
    "role_too_high": "You do not decide about this role here.",
    "outranked": "Somebody above you would lose it, who has it by nothing else.",
}
# The permission at each type of node whose holders can give what is missing there.
GIVES = {
    "document": "document.share",
    "project": "project.share",
    "workspace": "workspace.administer",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(PermissionDenied, denied)
    app.register_error_handler(ValidationFailed, refused)
    app.register_error_handler(UnknownResource, missing)
    app.register_error_handler(404, missing)


def denied(error: PermissionDenied) -> tuple[str, int]:
    if error.scope is None:  # a write; with what was written before it
        db.session.rollback()
        reason = REFUSALS.get(error.decision.reason, error.decision.reason)
        return render_template("problem.html", title="That was not done", text=reason), 403
    permission, type, id = error.permission, error.scope, error.scope_id
    found = explain(current_user.id, permission, type, id)
    page = render_template(
        "denied.html",
        doing=DOING[permission],
        reason=REASONS.get(found.reason, found.reason),
        ways=list(ways_of(found)),
        ask=list_users(GIVES[type], type, id, limit=5).ids,
        found=found,
    )
    return page, 403


def refused(error: ValidationFailed) -> tuple[str, int]:
    db.session.rollback()  # what was written before it, in the same transaction
    return render_template("problem.html", title="That was not done", text=error), 422


def missing(error: Exception) -> tuple[str, int]:
    text = "Or nothing for you: a link may have been made private again."
    return render_template("problem.html", title="There is nothing here", text=text), 404


def ways_of(found: Any) -> Iterator[str]:
    """The changes, among those that Yoto has tried, that this application's pages make."""
    roles = {number: name for name, number in role_ids().items()}
    for change in found.changes:
        if change.kind == "assign_role":
            yield f"Somebody gives you the role “{roles[change.detail['role_id']]}” here."
        elif change.kind == "join_server":
            yield "You become a member of the workspace."


def why(permission: str, document: Any) -> Iterator[str]:
    """Why the visitor may, a line for each reason."""
    found = explain(current_user.id, permission, "document", document.id)
    yield REASONS.get(found.reason, found.reason)
    sets = {"everyone": Everyone("workspace", document.project.workspace_id), "public": PUBLIC}
    for link in found.roles:
        if link.source == "assignment" and link.status == "in_force":
            kind, _, number = (link.through or "").partition(":")
            whose = Team(int(number)) if kind == "team" else sets.get(kind, current_user.id)
            where = (link.at or "everywhere").partition(":")[0]
            yield f"{called(whose)}: {link.name} ({where})"
