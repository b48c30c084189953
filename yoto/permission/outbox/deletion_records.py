"""Audit records of deleted roles, groups, teams and people, with everything that goes with them.

A review needs this for the permissions of users before the deletion. A list that is too long for a
record is left out as a whole, so that a part is never taken for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select
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
    RoleParent,
    TeamMember,
    TeamParent,
)

KEPT_MAX = 2_000  # rows of one kind in a record: some 200 kB of JSON
_HELD = select(
    RoleAssignment.role_id,
    RoleAssignment.node,
    RoleAssignment.valid_from,
    RoleAssignment.valid_until,
)
_MARKS = select(
    ChannelOverwrite.place, Permission.name.label("permission"), ChannelOverwrite.effect
).join(Permission, Permission.id == ChannelOverwrite.permission_id)
_WINDOWS = select(TeamMember.user_id, TeamMember.valid_from, TeamMember.valid_until)
_TEAMS = select(TeamMember.team_id, TeamMember.valid_from, TeamMember.valid_until)


def kept_of_role(session: Session, role_id: int) -> dict[str, Any]:
    """A role's ``grants``, ``group_grants``, ``overwrites``, ``holders`` (people that hold it
    wherever it counts), all other ``assignments``, further ``parents`` and ``children``.
    """
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
        "overwrites": _rows(session, _MARKS.where(ChannelOverwrite.role_id == role_id)),
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
        "assignments": _rows(
            session,
            select(
                RoleAssignment.subject,
                RoleAssignment.node,
                RoleAssignment.valid_from,
                RoleAssignment.valid_until,
            ).where(
                RoleAssignment.role_id == role_id,
                or_(RoleAssignment.user_id.is_(None), RoleAssignment.node != NOWHERE),
            ),
        ),
        "parents": _ids(session, select(RoleParent.parent_id).where(RoleParent.role_id == role_id)),
        "children": _ids(
            session,
            select(Role.id)
            .where(Role.parent_id == role_id)
            .union_all(select(RoleParent.role_id).where(RoleParent.parent_id == role_id)),
        ),
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


def kept_of_team(session: Session, team_id: int) -> dict[str, Any]:
    """A team's ``members``, ``parents``, ``children``, ``assignments`` and ``overwrites``."""
    kept: dict[str, list[Any]] = {
        "members": _rows(session, _WINDOWS.where(TeamMember.team_id == team_id)),
        "parents": _ids(session, select(TeamParent.parent_id).where(TeamParent.team_id == team_id)),
        "children": _ids(
            session, select(TeamParent.team_id).where(TeamParent.parent_id == team_id)
        ),
        "assignments": _rows(session, _HELD.where(RoleAssignment.team_id == team_id)),
        "overwrites": _rows(session, _MARKS.where(ChannelOverwrite.team_id == team_id)),
    }
    return _short_enough(kept)


def windows_in_team(
    session: Session, team_id: int, numbers: Collection[int]
) -> list[dict[str, Any]]:
    """The memberships of these people in a team, with their time windows."""
    found = _WINDOWS.where(TeamMember.team_id == team_id, TeamMember.user_id.in_(numbers))
    return _shown(session.execute(found))


def kept_of_people(session: Session, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """The ``assignments``, ``overwrites`` and ``teams`` of each of these people."""
    kept: dict[int, dict[str, list[Any]]] = {
        number: {"assignments": [], "overwrites": [], "teams": []} for number in numbers
    }
    for part, rows, of in (
        ("assignments", _HELD, RoleAssignment.user_id),
        ("overwrites", _MARKS, ChannelOverwrite.user_id),
        ("teams", _TEAMS, TeamMember.user_id),
    ):
        whose = rows.add_columns(of.label("user_id")).where(of.in_(numbers))
        for row in _shown(session.execute(whose)):
            kept[row.pop("user_id")][part].append(row)
    return {number: _short_enough(parts) for number, parts in kept.items()}


def _short_enough(parts: dict[str, list[Any]]) -> dict[str, Any]:
    return {part: rows for part, rows in parts.items() if len(rows) <= KEPT_MAX}


def _ids(session: Session, statement: Any) -> list[int]:
    return list(session.scalars(statement.limit(KEPT_MAX + 1)))


def _rows(session: Session, statement: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    """The rows, with one more than may be kept when there are too many."""
    return _shown(session.execute(statement.limit(KEPT_MAX + 1)))


def _shown(rows: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """Rows by column, JSON-ready."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        for row in rows
    ]
