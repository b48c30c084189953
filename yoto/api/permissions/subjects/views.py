"""Routes of teams and programs.

They take the right to manage global roles, since subjects are given these; the permission system
decides which subjects the caller may change.
"""

from __future__ import annotations

from typing import Any

from flask import url_for

from yoto.api.permissions.subjects import service
from yoto.api.permissions.subjects.schemas import (
    ApplicationSchema,
    NewApplicationSchema,
    NewTeamSchema,
    SwitchSchema,
    TeamSchema,
    TeamWindowSchema,
    WholeTeamSchema,
)
from yoto.auth.identity import current_user_id
from yoto.extensions import permissions
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.reasons import ReasonSchema
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission, subject_of_text
from yoto.store.models import ProgramAccount, Team

teams = RestBlueprint(
    "teams",
    __name__,
    url_prefix=f"{API_PREFIX}/teams",
    description="People and programs that hold roles together",
)
applications = RestBlueprint(
    "applications",
    __name__,
    url_prefix=f"{API_PREFIX}/applications",
    description="Programs that have accounts of their own",
)

MANAGE = "admin.roles"
TEAM = "/<int:team_id>"
MEMBER = f"{TEAM}/members/<subject>"
PARENT = f"{TEAM}/parents/<int:parent_id>"
APPLICATION = "/<int:application_id>"


@teams.get("")
@require_permission(MANAGE)
@teams.arguments(PageQuery, location="query")
@teams.response(200, page_of(TeamSchema))
def list_teams(query: dict[str, Any]) -> Page[Team]:
    """All teams"""
    return service.page_of_all(Team, **query)


@teams.post("")
@require_permission(MANAGE)
@once
@teams.arguments(NewTeamSchema)
@teams.response(201, WholeTeamSchema)
@teams.alt_response(409, "CONFLICT")
def create_team(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Make a team"""
    made = permissions.create_team(**body, actor_id=current_user_id())
    found = service.team(made.ids[0])
    return found, {"Location": url_for(".read_team", team_id=found["id"])}


@teams.get(TEAM)
@require_permission(MANAGE)
@teams.response(200, WholeTeamSchema)
@teams.alt_response(404, "NOT_FOUND")
def read_team(team_id: int) -> dict[str, Any]:
    """A team, its direct members, and the teams that it is in"""
    return service.team(team_id)


@teams.delete(TEAM)
@require_permission(MANAGE)
@teams.arguments(ReasonSchema, location="query")
@teams.response(204)
@teams.alt_response(404, "NOT_FOUND")
@teams.alt_response(409, "CONFLICT")
def delete_team(query: dict[str, Any], team_id: int) -> None:
    """Delete a team, with the roles and overwrites that it has"""
    permissions.delete_team(team_id, **query, actor_id=current_user_id())


@teams.put(MEMBER)
@require_permission(MANAGE)
@teams.arguments(TeamWindowSchema)
@teams.response(200, WholeTeamSchema)
@teams.alt_response(404, "NOT_FOUND")
@teams.alt_response(409, "CONFLICT")
def put_into_team(body: dict[str, Any], team_id: int, subject: str) -> dict[str, Any]:
    """Put a person (`user:42`) or a program (`application:3`) into a team, or set their window"""
    member = subject_of_text(subject)
    permissions.add_team_members(team_id, [member], **body, actor_id=current_user_id())
    return service.team(team_id)


@teams.delete(MEMBER)
@require_permission(MANAGE)
@teams.arguments(ReasonSchema, location="query")
@teams.response(204)
@teams.alt_response(404, "NOT_FOUND")
@teams.alt_response(409, "CONFLICT")
def take_out_of_team(query: dict[str, Any], team_id: int, subject: str) -> None:
    """Take a person or a program out of a team"""
    member = subject_of_text(subject)
    permissions.remove_team_members(team_id, [member], **query, actor_id=current_user_id())


@teams.put(PARENT)
@require_permission(MANAGE)
@teams.arguments(ReasonSchema)
@teams.response(200, WholeTeamSchema)
@teams.alt_response(404, "NOT_FOUND")
@teams.alt_response(409, "CONFLICT")
def nest_team(body: dict[str, Any], team_id: int, parent_id: int) -> dict[str, Any]:
    """Make the members of a team members of another one, too"""
    permissions.add_team_parent(team_id, parent_id, **body, actor_id=current_user_id())
    return service.team(team_id)


@teams.delete(PARENT)
@require_permission(MANAGE)
@teams.arguments(ReasonSchema, location="query")
@teams.response(204)
@teams.alt_response(404, "NOT_FOUND")
@teams.alt_response(409, "CONFLICT")
def take_team_out(query: dict[str, Any], team_id: int, parent_id: int) -> None:
    """End the membership of a team in another one"""
    permissions.remove_team_parent(team_id, parent_id, **query, actor_id=current_user_id())


@applications.get("")
@require_permission(MANAGE)
@applications.arguments(PageQuery, location="query")
@applications.response(200, page_of(ApplicationSchema))
def list_applications(query: dict[str, Any]) -> Page[ProgramAccount]:
    """All programs"""
    return service.page_of_all(ProgramAccount, **query)


@applications.post("")
@require_permission(MANAGE)
@once
@applications.arguments(NewApplicationSchema)
@applications.response(201, ApplicationSchema)
@applications.alt_response(409, "CONFLICT")
def register_application(body: dict[str, Any]) -> ProgramAccount:
    """Give a program an account"""
    made = permissions.register_application(**body, actor_id=current_user_id())
    return service.application(made.ids[0])


@applications.patch(APPLICATION)
@require_permission(MANAGE)
@applications.arguments(SwitchSchema)
@applications.response(200, ApplicationSchema)
@applications.alt_response(404, "NOT_FOUND")
@applications.alt_response(409, "CONFLICT")
def switch_application(body: dict[str, Any], application_id: int) -> ProgramAccount:
    """Disable a program, or enable it again"""
    permissions.set_application_disabled(application_id, **body, actor_id=current_user_id())
    return service.application(application_id)
