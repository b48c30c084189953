"""Users as policies see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.engine import Connection

from yoto.store.declarations import declarations_of
from yoto.store.models import NOWHERE, Device, Role, RoleAssignment, RoleProvided, User

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
