"""Audit records of deleted roles, groups, teams and people, with everything that goes with them.

A review needs this for the permissions of users before the deletion. A list that is too long for a
record is left out as a whole, so that a part is never taken for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Row, Select, and_, not_, select
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
    held, grant, group_grant = RoleAssignment, RoleGrant, RoleGroupGrant
    window, inherits = (held.valid_from, held.valid_until), RoleParent
    permission, group = Permission.name.label("permission"), PermissionGroup.name.label("group")
    by_person = held.user_id.is_not(None), held.node == NOWHERE
    return _kept(
        session,
        grants=select(permission, grant.scope_key.label("scope"), grant.effect)
        .join(Permission, Permission.id == grant.permission_id)
        .where(grant.role_id == role_id),
        group_grants=select(
            group_grant.group_id, group, group_grant.scope_key.label("scope"), group_grant.effect
        )
        .join(PermissionGroup, PermissionGroup.id == group_grant.group_id)
        .where(group_grant.role_id == role_id),
        overwrites=_MARKS.where(ChannelOverwrite.role_id == role_id),
        holders=select(held.user_id, *window).where(held.role_id == role_id, *by_person),
        assignments=select(held.subject, held.node, *window).where(
            held.role_id == role_id, not_(and_(*by_person))
        ),
        parents=select(inherits.parent_id).where(inherits.role_id == role_id),
        children=select(Role.id)
        .where(Role.parent_id == role_id)
        .union_all(select(inherits.role_id).where(inherits.parent_id == role_id)),
    )


def kept_of_group(session: Session, group_id: int) -> dict[str, Any]:
    """A group's ``group_grants``: the roles that have it, where, and with which effect."""
    grant = RoleGroupGrant
    grants = select(grant.role_id, grant.scope_key.label("scope"), grant.effect)
    return _kept(session, group_grants=grants.where(grant.group_id == group_id))


def kept_of_team(session: Session, team_id: int) -> dict[str, Any]:
    """A team's ``members``, ``parents``, ``children``, ``assignments`` and ``overwrites``."""
    return _kept(
        session,
        members=_WINDOWS.where(TeamMember.team_id == team_id),
        parents=select(TeamParent.parent_id).where(TeamParent.team_id == team_id),
        children=select(TeamParent.team_id).where(TeamParent.parent_id == team_id),
        assignments=_HELD.where(RoleAssignment.team_id == team_id),
        overwrites=_MARKS.where(ChannelOverwrite.team_id == team_id),
    )


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
    return {
        number: {part: rows for part, rows in parts.items() if len(rows) <= KEPT_MAX}
        for number, parts in kept.items()
    }


def _kept(
    session: Session, **parts: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
) -> dict[str, list[Any]]:
    """The rows of each part that is short enough; a single column as a list of its values."""
    kept = {}
    for part, statement in parts.items():
        rows = session.execute(statement.limit(KEPT_MAX + 1)).all()
        if len(rows) <= KEPT_MAX:
            is_single = len(statement.selected_columns) == 1
            kept[part] = [row[0] for row in rows] if is_single else _shown(rows)
    return kept


def _shown(rows: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """Rows by column, JSON-ready."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        for row in rows
    ]
