"""Attributes of people and nodes from the database, which policies read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, FromClause, Select, bindparam, func, or_, select
from sqlalchemy.engine import Connection

from yoto import cache
from yoto.nodes import NodeId
from yoto.permission.judged import Remembered
from yoto.store.declarations import declarations_of
from yoto.store.models import (
    NOWHERE,
    Channel,
    Device,
    Member,
    Message,
    Resource,
    Role,
    RoleAssignment,
    RoleProvided,
    User,
)
from yoto.store.resources import ResourceType

_PERSON = select(User.clearance, User.super_admin, User.created_at).where(
    User.id == bindparam("user_id")
)


@dataclass(frozen=True, slots=True)
class Person:
    """An account; ``created_at`` is when it was made, None where unknown."""

    clearance: int
    super_admin: bool
    created_at: datetime | None

    def age_days(self, now: float) -> float:
        """The account's age at ``now`` (epoch seconds), in days; None where unknown."""
        if self.created_at is None:
            return 0.0
        return (now - self.created_at.timestamp()) / 86_400


def load_person(connection: Connection, user_id: int) -> Person | None:
    """The account; None: there is none."""
    row = connection.execute(_PERSON, {"user_id": user_id}).one_or_none()
    return None if row is None else Person(*row)


def load_roles(
    connection: Connection, user_id: int, server_id: int | None, now: float
) -> list[int]:
    """Ids of the roles that a user holds at ``now``, assigned or provided: global ones and the
    server's, in order, without inherited ones."""
    moment = datetime.fromtimestamp(now, UTC)

    def held_by(held: Any) -> Select[Any]:
        return (
            select(Role.id)
            .join_from(held, Role, Role.id == held.role_id)
            .where(
                held.user_id == user_id,
                held.node == NOWHERE,
                Role.active.is_(True),
                Role.home.in_([NOWHERE, f"server:{server_id}"]),
                or_(held.valid_until.is_(None), held.valid_until > moment),
            )
        )

    begun = or_(RoleAssignment.valid_from.is_(None), RoleAssignment.valid_from <= moment)
    statements = [held_by(RoleAssignment).where(begun)]
    if declarations_of(current_app).roles is not None:
        statements.append(held_by(RoleProvided))
    return sorted({id_ for one in statements for id_ in connection.scalars(one)})


def has_device(connection: Connection, user_id: int, token_hash: str) -> bool:
    """Whether the user has registered the device with this secret."""
    statement = select(Device.id).where(Device.user_id == user_id, Device.token_hash == token_hash)
    return connection.scalar(statement) is not None


def attributes_of(
    connection: Connection, declared: ResourceType, node_ids: Collection[NodeId]
) -> dict[NodeId, dict[str, Any]]:
    """The ``declared.attributes`` of nodes, as JSON data; nodes that do not exist are left out.

    Times are ISO 8601 in the zone in which they are kept, UUIDs and enumerations texts. A
    registered resource has its own.
    """
    if declared.registered:
        rows = Resource.__table__.c
        kept = select(rows.id, rows.attributes).where(
            rows.type == declared.name, rows.id.in_(node_ids)
        )
        return {id_: attributes or {} for id_, attributes in connection.execute(kept)}
    return rows_of(connection, declared.attributes, declared.table, declared.id, node_ids)


def rows_of(
    connection: Connection,
    attributes: Mapping[str, ColumnElement[Any]],
    source: FromClause,
    key: ColumnElement[Any],
    ids: Collection[Any],
) -> dict[Any, dict[str, Any]]:
    """Columns of rows, by name, as JSON data, by the value of ``key``."""
    statement = select(key, *attributes.values()).select_from(source).where(key.in_(ids))
    return {
        id_: dict(zip(attributes, map(as_json, values), strict=True))
        for id_, *values in connection.execute(statement)
    }


def as_json(value: Any) -> Any:
    """A value of a column as JSON has it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value


# The countable things of a server: everything that it shows to some user.
_COUNTED: Mapping[str, Callable[[int], Select[int]]] = {
    "members": lambda server_id: select(Member.id).where(
        Member.server_id == server_id, Member.banned.is_(False)
    ),
    "channels": lambda server_id: select(Channel.id).where(Channel.server_id == server_id),
    "messages": lambda server_id: select(Message.id)
    .join(Channel, Channel.id == Message.channel_id)
    .where(Channel.server_id == server_id, Message.deleted_at.is_(None)),
}


def counts_in_server(
    connection: Connection, server_id: int, limits: Mapping[str, int]
) -> dict[str, int]:
    """The number of things in a server, each counted up to its limit: more costs nothing.

    Args:
        limits: for ``members``, ``channels``, ``messages``; other names are left out.
    """
    found: dict[str, int] = {}
    for counted, limit in limits.items():
        if counted in _COUNTED:
            some = _COUNTED[counted](server_id).limit(limit).subquery()
            found[counted] = connection.scalar(select(func.count()).select_from(some)) or 0
    return found


# Entries.
CAPACITY = 10_000


class RememberedPeople(Remembered[int, Person]):
    """Accounts, by id."""

    def __init__(self, load: Callable[[int], Person | None], capacity: int = CAPACITY) -> None:
        """``load`` reads the committed rows; it gives None where there is no such account."""
        super().__init__(capacity)
        self._load = load

    def get(self, user_id: int, may_remember: bool) -> Person | None:
        """The account; raises the errors of ``load``."""
        return self._get(user_id, lambda: self._load(user_id), may_remember)

    def _forget(self, about: cache.tags.DirtySet) -> None:
        for user_id in about.users:
            self._known.pop(user_id, None)
