"""Changes that members make to each other: nickname, time-out, membership, and bans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

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
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.api.rows import change, existing, json_ready, locked
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.http.paging import Page, cut
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import User, record_audit

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


@dataclass(frozen=True, slots=True)
class Ban:
    """A banned user, and the reason."""

    user: Person
    reason: str | None


def bans_of(server_id: int, after: int | None, limit: int) -> Page[Ban]:
    """The users banned from a server, by user id, which is the cursor too."""
    statement = (
        select(*PERSON_COLUMNS, Member.ban_reason)
        .join(User, User.id == Member.user_id)
        .where(Member.server_id == server_id, Member.banned.is_(True))
        .where(Member.user_id > (after or 0))
        .order_by(Member.user_id)
        .limit(limit + 1)
    )
    rows = [
        Ban(Person(row.person_id, row.username, row.display_name), row.ban_reason)
        for row in db.session.execute(statement)
    ]
    return cut(rows, limit, lambda ban: ban.user.id)


def ban(server_id: int, user_id: int, actor_id: int, reason: str | None) -> Ban:
    """Remove the user, if they are a member, and keep them out. Banning again sets the reason.

    Raises:
        PermissionDenied: the actor does not outrank the user.
        UnknownResource: there is no such user.
    """
    try:
        return _ban(server_id, user_id, actor_id, reason)
    except IntegrityError:
        # The user came in between looking and writing; now there is a row to change.
        db.session.rollback()
        return _ban(server_id, user_id, actor_id, reason)


def _ban(server_id: int, user_id: int, actor_id: int, reason: str | None) -> Ban:
    server = locked(Server, server_id)
    user = existing(User, user_id)
    demand_rank(actor_id, user_id, server, "member.ban")
    member = find_row(server_id, user_id)
    if member is None:
        member = Member(server_id=server_id, user_id=user_id)
        db.session.add(member)
    before = {
        "member": member.id is not None and not member.banned,
        **json_ready({"timeout_until": member.timeout_until}),
    }
    member.banned, member.ban_reason, member.timeout_until = True, reason, None
    record_audit(
        "member.ban",
        f"user:{user_id}",
        by=actor_id,
        home=f"server:{server_id}",
        before=before | {"roles": drop_roles(server_id, user_id)},
        reason=reason,
    )
    db.session.commit()
    return Ban(Person(user.id, user.username, user.display_name), reason)


def unban(server_id: int, user_id: int, actor_id: int, reason: str | None) -> None:
    """Let a banned user come back.

    Raises:
        UnknownResource: that user is not banned.
    """
    member = find_row(server_id, user_id, lock=True)
    if member is None or not member.banned:
        raise UnknownResource("ban", user_id, "user_id")
    db.session.delete(member)
    record_audit(
        "member.unban",
        f"user:{user_id}",
        by=actor_id,
        home=f"server:{server_id}",
        before={"reason": member.ban_reason},
        reason=reason,
    )
    db.session.commit()
