"""Membership in a server: the members, the rules of entry, and leaving."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import Conflict

from app.extensions import permissions
from app.models import Member, Server
from yoto.api.rows import existing, json_ready, locked
from yoto.auth.identity import Identity
from yoto.errors import PermissionDenied, UnknownResource
from yoto.permission import MembershipStatus
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import Role, RoleAssignment, ScopeType, record_audit

BANNED = "banned"
NOT_MEMBER = "not_member"
NOT_PUBLIC = "not_public"
TIMED_OUT = "timed_out"


def demand_member(server_id: int, actor: Identity) -> None:
    """Go on only for a member of the server (or a super-admin).

    What they may do there says so, from memory mostly; a rejection was looked up.

    Raises:
        PermissionDenied: the actor is no member.
        UnknownResource: there is no such server.
    """
    status = permissions.effective(actor.user_id, ScopeType.SERVER, server_id).status
    # Administrators need not be members: a global role makes some.
    if not actor.super_admin and status not in (MembershipStatus.MEMBER, MembershipStatus.OWNER):
        membership_of(server_id, actor.user_id)


def demand_visible(server_id: int, actor: Identity) -> Server:
    """The server, for a caller who may know of it: it is public, or they are in it.

    Raises:
        PermissionDenied: it is private and the actor is no member.
        UnknownResource: there is no such server.
    """
    server = existing(Server, server_id)
    if not server.public:
        demand_member(server_id, actor)
    return server


def membership_of(server_id: int, user_id: int) -> Member:
    """The user's own membership.

    Raises:
        PermissionDenied: they are no member.
    """
    member = find_row(server_id, user_id)
    if member is None or member.banned:
        raise PermissionDenied(NOT_MEMBER, "server.member")
    return member


def locked_member(server_id: int, user_id: int) -> Member:
    """A member as they are now, locked until the end of the transaction.

    Raises:
        UnknownResource: that user is no member.
    """
    member = find_row(server_id, user_id, lock=True)
    if member is None or member.banned:
        raise UnknownResource("member", user_id, "user_id")
    return member


def find_row(server_id: int, user_id: int, lock: bool = False) -> Member | None:
    """The row of a membership or of a ban."""
    statement = select(Member).where(Member.server_id == server_id, Member.user_id == user_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(statement)


def join_public(server_id: int, user_id: int) -> tuple[Member, bool]:
    """Enter a public server; see ``enter``.

    Raises:
        PermissionDenied: the server is not public, or has banned the user.
        UnknownResource: there is no such server.
    """
    if not existing(Server, server_id).public:
        raise PermissionDenied(NOT_PUBLIC, "server.join")
    found = active_member(server_id, user_id)
    if found is not None:
        return found, False
    return enter(server_id, user_id, how="public")


def active_member(server_id: int, user_id: int) -> Member | None:
    """The membership that is there already.

    Raises:
        PermissionDenied: the server has banned the user.
    """
    # No lock: on a row that is not there MariaDB would lock the gap, and two joins would deadlock.
    member = find_row(server_id, user_id)
    if member is not None and member.banned:
        raise PermissionDenied(BANNED, "server.join")
    return member


def enter(server_id: int, user_id: int, how: str) -> tuple[Member, bool]:
    """Add the user to the server and commit, along with what the transaction did before.

    Returns the membership, and whether it is new: of two requests at once, one makes it.

    Raises:
        PermissionDenied: the user was banned at this very moment.
    """
    member = Member(server_id=server_id, user_id=user_id)
    db.session.add(member)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        found = active_member(existing(Server, server_id).id, user_id)
        if found is None:
            raise
        return found, False
    record_audit(
        "member.join",
        f"user:{user_id}",
        by=user_id,
        home=f"server:{server_id}",
        after={"how": how},
    )
    db.session.commit()
    return member, True


def leave(server_id: int, user_id: int) -> None:
    """Go, and lose all roles there.

    Raises:
        Conflict: the owner cannot go without handing the server over.
        PermissionDenied: the user is no member, or in a time-out, which leaving would end.
        UnknownResource: there is no such server.
    """
    if locked(Server, server_id).owner_id == user_id:
        raise Conflict("The owner cannot leave; transfer the server first.")
    member = find_row(server_id, user_id, lock=True)
    if member is None or member.banned:
        raise PermissionDenied(NOT_MEMBER, "server.leave")
    if member.timeout_until is not None and member.timeout_until > utcnow():
        raise PermissionDenied(TIMED_OUT, "server.leave")
    db.session.delete(member)
    record_audit(
        "member.leave",
        f"user:{user_id}",
        by=user_id,
        home=f"server:{server_id}",
        before={"roles": drop_roles(server_id, user_id)},
    )
    db.session.commit()


def drop_roles(server_id: int, user_id: int) -> list[dict[str, Any]]:
    """Take all of the server's roles from the user. Returns them, for the audit log."""
    held = (
        select(
            RoleAssignment.role_id,
            RoleAssignment.node,
            RoleAssignment.valid_from,
            RoleAssignment.valid_until,
        )
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(RoleAssignment.user_id == user_id, Role.server_id == server_id)
    )
    taken = db.session.execute(held.with_for_update()).all()
    if taken:
        db.session.execute(
            delete(RoleAssignment).where(
                RoleAssignment.user_id == user_id,
                RoleAssignment.role_id.in_([row.role_id for row in taken]),
            )
        )
    return [json_ready(row._mapping) for row in taken]
