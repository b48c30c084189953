"""Routes of invites."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.blueprints.servers.invites import service
from app.blueprints.servers.invites.schemas import InviteSchema, NewInviteSchema
from app.blueprints.servers.members.schemas import MembershipSchema
from app.guards import INVITE_USE
from app.models import Invite, Member
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.resilience import rate_limit

invites = RestBlueprint(
    "invites", __name__, url_prefix=API_PREFIX, description="Codes that lead into a server"
)

INVITES = "/servers/<int:server_id>/invites"


@invites.post(INVITES)
@require_permission("member.invite", "server", "server_id")
@once
@invites.arguments(NewInviteSchema)
@invites.response(201, InviteSchema)
@invites.alt_response(409, "CONFLICT")
def create_invite(body: dict[str, Any], server_id: int) -> tuple[Invite, dict[str, str]]:
    """Make an invite"""
    invite = service.create_invite(server_id, current_user_id(), **body)
    return invite, {"Location": url_for(".join_by_invite", code=invite.code)}


@invites.get(INVITES)
@require_permission("server.manage", "server", "server_id")
@invites.arguments(PageQuery, location="query")
@invites.response(200, page_of(InviteSchema))
def list_invites(query: dict[str, Any], server_id: int) -> Page[Invite]:
    """The invites of a server, used up and expired ones too"""
    return service.invites_of(server_id, **query)


@invites.delete(f"{INVITES}/<int:invite_id>")
@require_permission("server.manage", "server", "server_id")
@invites.response(204)
def delete_invite(server_id: int, invite_id: int) -> None:
    """Take an invite back"""
    service.delete_invite(server_id, invite_id, current_user_id())


@invites.post("/invites/<string(maxlength=32):code>/join")
@signed_in
@rate_limit(INVITE_USE)
@once
@invites.response(200, MembershipSchema)
@invites.alt_response(201, schema=MembershipSchema, success=True)
@invites.alt_response(410, "GONE")
@invites.alt_response(429, "TOO_MANY_REQUESTS")
def join_by_invite(code: str) -> tuple[Member, int]:
    """Join a server by an invite; 201 when the membership is new"""
    member, new = service.join_by_invite(code, current_user_id())
    return member, 201 if new else 200
