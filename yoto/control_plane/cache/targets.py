"""What can be invalidated, and what the database knows of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import func, select

from yoto import cache as cache_layer
from yoto.store.db import db
from yoto.store.models import Channel, Member, Role, RoleAssignment, Server, User

subjects = cache_layer.subjects

ALL = "all"
KINDS: dict[str, Callable[[int], str]] = {
    "user": subjects.user,
    "role": subjects.role,
    "server": partial(subjects.node, "server"),
    "channel": partial(subjects.node, "channel"),
}
_NAMES: dict[str, Any] = {
    "user": (User.id, User.username),
    "role": (Role.id, Role.name),
    "server": (Server.id, Server.name),
    "channel": (Channel.id, Channel.name),
}


class People(NamedTuple):
    """How many accounts something concerns, and whether that is more than an estimate."""

    count: int  # type: ignore[assignment]
    exact: bool


def subject_of(kind: str, target_id: int | None) -> str:
    """What the log calls it."""
    return subjects.GLOBAL if target_id is None else KINDS[kind](target_id)


def name_of(kind: str, target_id: int | None) -> str | None:
    """What people call it; None: there is none of that id."""
    if target_id is None:
        return ALL
    column, name = _NAMES[kind]
    found: str | None = db.session.scalar(select(name).where(column == target_id))
    return found


def people(kind: str, target_id: int | None) -> People:
    """Accounts whose verdicts are made from it.

    An estimate for servers and channels: people who are no members, but have global roles, may
    have looked there too.
    """
    if target_id is None:
        return People(_count(select(func.count(User.id))), True)
    if kind == "user":
        return People(_count(select(func.count(User.id)).where(User.id == target_id)), True)
    if kind == "role":
        return _holders(target_id)
    server_id = target_id
    if kind == "channel":
        found = db.session.scalar(select(Channel.server_id).where(Channel.id == target_id))
        if found is None:
            return People(0, True)
        server_id = found
    return People(_members(server_id), False)


def _holders(role_id: int) -> People:
    role = db.session.execute(
        select(Role.server_id, Role.is_default).where(Role.id == role_id)
    ).one_or_none()
    if role is None:
        return People(0, True)
    if role.is_default:
        return People(_members(role.server_id), False)
    # Who holds a role that inherits from it has what it gives.
    first = select(Role.id).where(Role.id == role_id).cte("inheriting", recursive=True)
    inheriting = first.union(select(Role.id).join_from(first, Role, Role.parent_id == first.c.id))
    holders = select(func.count(RoleAssignment.user_id.distinct())).where(
        RoleAssignment.role_id.in_(select(inheriting.c.id))
    )
    return People(_count(holders), True)


def _members(server_id: int) -> int:
    return _count(
        select(func.count(Member.id)).where(Member.server_id == server_id, ~Member.banned)
    )


def _count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)
