"""Changes that members make to each other: nickname, time-out, and membership."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.blueprints.rights import demand_rank
from app.blueprints.servers.members.listing import MemberView, read_member
from app.blueprints.servers.membership import (
    NOT_MEMBER,
    TIMED_OUT,
    drop_roles,
    find_row,
    locked_member,
)
from app.models import Member, Server
from yoto.api.rows import change, json_ready, locked
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import record_audit

TIMEOUT_MAX = timedelta(days=28)


def rename_self(server_id: int, user_id: int, nickname: str | None) -> MemberView:
    """Choose one's own nickname.

    Raises:
        PermissionDenied: the user is no member, or in a time-out.
    """
    member = find_row(server_id, user_id, lock=True)
    if member is None or member.banned:
        raise PermissionDenied(NOT_MEMBER, "member.nickname")
    if member.timeout_until is not None and member.timeout_until > utcnow():
        raise PermissionDenied(TIMED_OUT, "member.nickname")
    return _update(member, user_id, "member.nickname", nickname=nickname)


def rename(server_id: int, user_id: int, actor_id: int, nickname: str | None) -> MemberView:
    """Choose a member's nickname.

    Raises:
        PermissionDenied: the actor does not outrank the member.
        UnknownResource: that user is no member.
    """
    member = _subordinate(server_id, user_id, actor_id, "member.nickname")
    return _update(member, actor_id, "member.nickname", nickname=nickname)


def set_timeout(
    server_id: int, user_id: int, actor_id: int, until: datetime, reason: str | None
) -> MemberView:
    """Let a member only read until a moment at most 28 days ahead.

    Raises:
        PermissionDenied: the actor does not outrank the member.
        UnknownResource: that user is no member.
        ValidationFailed: ``until`` has passed or is too far ahead.
    """
    now = utcnow()
    if not now < until <= now + TIMEOUT_MAX:
        raise ValidationFailed({"until": f"must lie ahead, by at most {TIMEOUT_MAX.days} days"})
    member = _subordinate(server_id, user_id, actor_id, "member.timeout")
    return _update(member, actor_id, "member.timeout", reason, timeout_until=until)


def end_timeout(server_id: int, user_id: int, actor_id: int, reason: str | None) -> MemberView:
    """End a member's time-out, if there is one.

    Raises:
        PermissionDenied: the actor does not outrank the member.
        UnknownResource: that user is no member.
    """
    member = _subordinate(server_id, user_id, actor_id, "member.timeout")
    return _update(member, actor_id, "member.timeout", reason, timeout_until=None)


def kick(server_id: int, user_id: int, actor_id: int, reason: str | None) -> None:
    """Remove a member with the roles they have here; they may come back.

    Raises:
        PermissionDenied: the actor does not outrank the member.
        UnknownResource: that user is no member.
    """
    member = _subordinate(server_id, user_id, actor_id, "member.kick")
    db.session.delete(member)
    before = json_ready({"nickname": member.nickname, "timeout_until": member.timeout_until})
    record_audit(
        "member.kick",
        f"user:{user_id}",
        by=actor_id,
        home=f"server:{server_id}",
        before=before | {"roles": drop_roles(server_id, user_id)},
        reason=reason,
    )
    db.session.commit()


def _subordinate(server_id: int, user_id: int, actor_id: int, permission: str) -> Member:
    # The server's lock keeps its owner who they are until this is done.
    server = locked(Server, server_id)
    member = locked_member(server_id, user_id)
    demand_rank(actor_id, user_id, server, permission)
    return member


def _update(
    member: Member, actor_id: int, action: str, reason: str | None = None, **values: object
) -> MemberView:
    before, after = change(member, values)
    if after:
        record_audit(
            action,
            f"user:{member.user_id}",
            by=actor_id,
            home=f"server:{member.server_id}",
            before=before,
            after=after,
            reason=reason,
        )
        db.session.flush()
    view = read_member(member.server_id, member.user_id)
    db.session.commit()
    return view
