"""Bans: keeping a user out, member or not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.blueprints.rights import demand_rank
from app.blueprints.servers.membership import drop_roles, find_row
from app.models import Member, Server
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.api.rows import existing, json_ready, locked
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import User, record_audit


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
