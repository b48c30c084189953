"""Routes of members and bans."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from app.blueprints.servers.gate import members_only
from app.blueprints.servers.members import listing, moderation
from app.blueprints.servers.members.listing import MemberView
from app.blueprints.servers.members.moderation import Ban
from app.blueprints.servers.membership import join_public, leave
from app.guards import MEMBER_RENAME
from app.models import Member
from yoto.api.people import PersonSchema
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.fields import Instant, Name, ReasonSchema
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.request.context import keeps_order
from yoto.resilience import rate_limit

NICKNAME_LENGTH = 64


class MembershipSchema(ma.Schema):
    """One's own place in a server."""

    server_id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    nickname = ma.fields.String(required=True, allow_none=True)
    timeout_until = Instant(required=True, allow_none=True)
    joined_at = Instant(required=True)


class MemberSchema(ma.Schema):
    """A member with the roles they were given in the server, in force or not."""

    user = ma.fields.Nested(PersonSchema, required=True)
    nickname = ma.fields.String(required=True, allow_none=True)
    timeout_until = Instant(required=True, allow_none=True)
    joined_at = Instant(required=True)
    role_ids = ma.fields.List(ma.fields.Integer(), required=True)


class NicknameSchema(ma.Schema):
    """How a member is called in the server; null: by their display name."""

    nickname = Name(NICKNAME_LENGTH, required=True, allow_none=True)


class TimeoutSchema(ReasonSchema):
    """Until when a member may only read."""

    until = Instant(required=True)


class BanSchema(ma.Schema):
    """Somebody who is kept out."""

    user = ma.fields.Nested(PersonSchema, required=True)
    reason = ma.fields.String(required=True, allow_none=True)


members = RestBlueprint(
    "members", __name__, url_prefix=API_PREFIX, description="Who is in a server, and who is not"
)

SERVER = "/servers/<int:server_id>"
MEMBER = f"{SERVER}/members/<int:user_id>"
BAN = f"{SERVER}/bans/<int:user_id>"


@members.post(f"{SERVER}/join")
@signed_in
@once
@members.response(200, MembershipSchema)
@members.alt_response(201, schema=MembershipSchema, success=True)
def join_server(server_id: int) -> tuple[Member, int]:
    """Join a public server; 201 when the membership is new"""
    member, new = join_public(server_id, current_user_id())
    return member, 201 if new else 200


@members.post(f"{SERVER}/leave")
@signed_in
@once
@members.response(204)
@members.alt_response(409, "CONFLICT")
def leave_server(server_id: int) -> None:
    """Leave a server. Its owner cannot, nor can a member in a time-out"""
    leave(server_id, current_user_id())


@members.get(f"{SERVER}/members")
@members_only
@members.arguments(PageQuery, location="query")
@members.response(200, page_of(MemberSchema))
def list_members(query: dict[str, Any], server_id: int) -> Page[MemberView]:
    """The members of a server that you are in"""
    return listing.members_of(server_id, **query)


@members.get(MEMBER)
@members_only
@members.response(200, MemberSchema)
def read_member(server_id: int, user_id: int) -> MemberView:
    """One member of a server that you are in"""
    return listing.read_member(server_id, user_id)


@members.patch(f"{SERVER}/members/me")
@members_only
@members.arguments(NicknameSchema)
@members.response(200, MemberSchema)
@members.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(MEMBER_RENAME)
def rename_self(body: dict[str, Any], server_id: int) -> MemberView:
    """Choose your own nickname in a server"""
    return moderation.rename_self(server_id, current_user_id(), body["nickname"])


@members.patch(MEMBER)
@require_permission("member.nickname", "server", "server_id")
@members.arguments(NicknameSchema)
@members.response(200, MemberSchema)
def rename_member(body: dict[str, Any], server_id: int, user_id: int) -> MemberView:
    """Choose the nickname of a member whom you outrank"""
    return moderation.rename(server_id, user_id, current_user_id(), body["nickname"])


@members.delete(MEMBER)
@keeps_order
@require_permission("member.kick", "server", "server_id")
@members.arguments(ReasonSchema, location="query")
@members.response(204)
def kick_member(query: dict[str, Any], server_id: int, user_id: int) -> None:
    """Remove a member whom you outrank, with their roles; they may come back"""
    moderation.kick(server_id, user_id, current_user_id(), query["reason"])


@members.put(f"{MEMBER}/timeout")
@keeps_order
@require_permission("member.timeout", "server", "server_id")
@members.arguments(TimeoutSchema)
@members.response(200, MemberSchema)
def set_timeout(body: dict[str, Any], server_id: int, user_id: int) -> MemberView:
    """Let a member whom you outrank only read, for at most 28 days"""
    return moderation.set_timeout(
        server_id, user_id, current_user_id(), body["until"], body["reason"]
    )


@members.delete(f"{MEMBER}/timeout")
@keeps_order
@require_permission("member.timeout", "server", "server_id")
@members.arguments(ReasonSchema, location="query")
@members.response(200, MemberSchema)
def end_timeout(query: dict[str, Any], server_id: int, user_id: int) -> MemberView:
    """End the time-out of a member whom you outrank"""
    return moderation.end_timeout(server_id, user_id, current_user_id(), query["reason"])


@members.get(f"{SERVER}/bans")
@require_permission("member.ban", "server", "server_id")
@members.arguments(PageQuery, location="query")
@members.response(200, page_of(BanSchema))
def list_bans(query: dict[str, Any], server_id: int) -> Page[Ban]:
    """Who is kept out of a server"""
    return moderation.bans_of(server_id, **query)


@members.put(BAN)
@keeps_order
@require_permission("member.ban", "server", "server_id")
@members.arguments(ReasonSchema, required=False)
@members.response(200, BanSchema)
def ban_user(body: dict[str, Any], server_id: int, user_id: int) -> Ban:
    """Keep somebody whom you outrank out of a server, member or not"""
    return moderation.ban(server_id, user_id, current_user_id(), body["reason"])


@members.delete(BAN)
@keeps_order
@require_permission("member.ban", "server", "server_id")
@members.arguments(ReasonSchema, location="query")
@members.response(204)
def unban_user(query: dict[str, Any], server_id: int, user_id: int) -> None:
    """Let somebody come back"""
    moderation.unban(server_id, user_id, current_user_id(), query["reason"])
