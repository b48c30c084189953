"""Permission groups: their names and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from yoto.api.rows import change, existing, locked
from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.database_problems import unique
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import Permission, PermissionGroup, PermissionGroupMember, record_audit


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the names of its permissions, by bit."""

    id: int
    name: str
    description: str
    permissions: Sequence[str]


def group(group_id: int) -> Group:
    """One group.

    Raises:
        UnknownResource: there is none.
    """
    return _with_names([existing(PermissionGroup, group_id)])[0]


def groups(*, after: int | None, limit: int) -> Page[Group]:
    """A page of groups, in two statements."""
    statement = select(PermissionGroup).where(PermissionGroup.id > (after or 0))
    rows = db.session.scalars(statement.order_by(PermissionGroup.id).limit(limit + 1)).all()
    page = cut(rows, limit, lambda row: row.id)
    return Page(_with_names(page.items), page.next)


def make_group(actor_id: int, body: Mapping[str, Any]) -> Group:
    """Make a group.

    Raises:
        ValidationFailed: as ``PermissionSystem.register_group``.
    """
    receipt = permissions.register_group(
        body["name"],
        body["permissions"],
        body["description"],
        actor_id=actor_id,
        reason=body["reason"],
    )
    return group(receipt.ids[0])


def rename_group(
    actor_id: int, group_id: int, changes: Mapping[str, str], reason: str | None
) -> Group:
    """Change name or description, which affects no permissions.

    Raises:
        UnknownResource: there is no such group.
        Conflict: another group has the name.
    """
    row = locked(PermissionGroup, group_id)
    before, after = change(row, changes)
    if after:
        with unique("name", "another group has this name"):
            db.session.flush()
        subject = f"group:{group_id}"
        record_audit(
            "group.update", subject, by=actor_id, before=before, after=after, reason=reason
        )
    db.session.commit()
    return group(group_id)


def add_permission(actor_id: int, group_id: int, permission: str, reason: str | None) -> Group:
    """Put a permission into a group, unless it is in it already.

    Raises:
        ValidationFailed, PermissionDenied: as ``PermissionSystem.assign_permission_to_group``.
    """
    permissions.assign_permission_to_group(group_id, [permission], actor_id=actor_id, reason=reason)
    return group(group_id)


def remove_permission(actor_id: int, group_id: int, permission: str, reason: str | None) -> None:
    """Take a permission out of a group.

    Raises:
        UnknownResource: there is no such group, or the permission is not in it.
        PermissionDenied: as ``PermissionSystem.remove_permission_from_group``.
    """
    if permission not in group(group_id).permissions:
        raise UnknownResource("permission", permission, "permission")
    permissions.remove_permission_from_group(
        group_id, [permission], actor_id=actor_id, reason=reason
    )


def _with_names(rows: Sequence[PermissionGroup]) -> list[Group]:
    names: defaultdict[int, list[str]] = defaultdict(list)
    statement = (
        select(PermissionGroupMember.group_id, Permission.name)
        .join(Permission, Permission.id == PermissionGroupMember.permission_id)
        .where(PermissionGroupMember.group_id.in_([row.id for row in rows]))
        .order_by(Permission.bit)
    )
    for group_id, name in db.session.execute(statement):
        names[group_id].append(name)
    return [Group(row.id, row.name, row.description, names[row.id]) for row in rows]
