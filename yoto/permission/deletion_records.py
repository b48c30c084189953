"""What the audit log keeps of a role or a group that is deleted: all that goes with it.

Only with that can a review say who could do what before. A list that is too long for a record is
left out as a whole, so that nobody takes a part of it for all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Permission,
    PermissionGroup,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)

KEPT_MAX = 2_000  # rows of one kind in a record: some 200 kB of JSON


def kept_of_role(session: Session, role_id: int) -> dict[str, Any]:
    """A role's ``grants``, ``group_grants``, ``overwrites``, ``holders`` and ``children``."""
    kept: dict[str, list[Any]] = {
        "grants": _rows(
            session,
            select(
                Permission.name.label("permission"),
                RoleGrant.scope_key.label("scope"),
                RoleGrant.effect,
            )
            .join(Permission, Permission.id == RoleGrant.permission_id)
            .where(RoleGrant.role_id == role_id),
        ),
        "group_grants": _rows(
            session,
            select(
                RoleGroupGrant.group_id,
                PermissionGroup.name.label("group"),
                RoleGroupGrant.scope_key.label("scope"),
                RoleGroupGrant.effect,
            )
            .join(PermissionGroup, PermissionGroup.id == RoleGroupGrant.group_id)
            .where(RoleGroupGrant.role_id == role_id),
        ),
        "overwrites": _rows(
            session,
            select(
                ChannelOverwrite.place,
                Permission.name.label("permission"),
                ChannelOverwrite.effect,
            )
            .join(Permission, Permission.id == ChannelOverwrite.permission_id)
            .where(ChannelOverwrite.role_id == role_id),
        ),
        "holders": _rows(
            session,
            select(
                RoleAssignment.user_id, RoleAssignment.valid_from, RoleAssignment.valid_until
            ).where(
                RoleAssignment.role_id == role_id,
                RoleAssignment.user_id.is_not(None),
                RoleAssignment.node == NOWHERE,
            ),
        ),
        "children": _ids(session, select(Role.id).where(Role.parent_id == role_id)),
    }
    return _short_enough(kept)


def kept_of_group(session: Session, group_id: int) -> dict[str, Any]:
    """A group's ``group_grants``: the roles that have it, where, and with which effect."""
    grants = _rows(
        session,
        select(
            RoleGroupGrant.role_id, RoleGroupGrant.scope_key.label("scope"), RoleGroupGrant.effect
        ).where(RoleGroupGrant.group_id == group_id),
    )
    return _short_enough({"group_grants": grants})


def _short_enough(parts: dict[str, list[Any]]) -> dict[str, Any]:
    return {part: rows for part, rows in parts.items() if len(rows) <= KEPT_MAX}


def _ids(session: Session, statement: Select[*tuple[Any, ...]]) -> list[int]:
    return list(session.scalars(statement.limit(KEPT_MAX + 1)))


def _rows(session: Session, statement: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    """The rows by column, JSON-ready; one more than may be kept when there are too many."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        for row in session.execute(statement.limit(KEPT_MAX + 1))
    ]
