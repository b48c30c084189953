"""Users as policies see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.engine import Connection

from yoto.store.models import NOWHERE, Device, Role, RoleAssignment, User

_PERSON = select(User.clearance, User.super_admin, User.created_at).where(
    User.id == bindparam("user_id")
)


@dataclass(frozen=True, slots=True)
class Person:
    """An account; ``created_at`` is when it was made, None where nobody knows."""

    clearance: int
    super_admin: bool
    created_at: datetime | None

    def age_days(self, now: float) -> float:
        """The account's age at ``now`` (epoch seconds), in days; none where nobody knows it."""
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
    """Ids of the roles assigned to a user that are valid at ``now``: global ones and the server's,
    without what they inherit, by id."""
    moment = datetime.fromtimestamp(now, UTC)
    held = RoleAssignment
    statement = (
        select(Role.id)
        .join_from(held, Role, Role.id == held.role_id)
        .where(
            held.user_id == user_id,
            held.node == NOWHERE,
            Role.active.is_(True),
            Role.home.in_([NOWHERE, f"server:{server_id}"]),
            or_(held.valid_from.is_(None), held.valid_from <= moment),
            or_(held.valid_until.is_(None), held.valid_until > moment),
        )
        .order_by(Role.id)
    )
    return list(connection.scalars(statement))


def has_device(connection: Connection, user_id: int, token_hash: str) -> bool:
    """Whether the user has registered the device with this secret."""
    statement = select(Device.id).where(Device.user_id == user_id, Device.token_hash == token_hash)
    return connection.scalar(statement) is not None
