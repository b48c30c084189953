"""Permission groups: named sets that roles are granted as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypedDict, Unpack

from marshmallow.validate import Length
from sqlalchemy import select

from yoto.api.rows import change, existing, locked
from yoto.auth.access import signed_in
from yoto.errors import UnknownResource
from yoto.extensions import permissions as rights
from yoto.http.database_problems import unique
from yoto.http.fields import Name, Text
from yoto.http.operation import Actor, After, Limit, Subject, Why
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.permission import require_permission
from yoto.store.columns import longest
from yoto.store.db import db
from yoto.store.models import Permission, PermissionGroup, PermissionGroupMember, record_audit

MANAGE_GROUPS = require_permission("admin.groups")
GROUP = "/<int:group_id>"
MEMBER = f"{GROUP}/permissions/<permission>"
MEMBERS_MAX = 1_000
GroupName = Annotated[str, partial(Name, longest(PermissionGroup.__table__.c.name))]
Description = Annotated[str, partial(Text, 500)]

groups = Subject(
    "permission-groups",
    "/permission-groups",
    "Sets of permissions that roles are granted as one",
    "group",
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the names of its permissions, by bit."""

    id: int
    name: str
    description: str
    permissions: Sequence[str]


class Changes(TypedDict, total=False):
    """New name or description of a group; fields left out stay as they are."""

    name: GroupName
    description: Description


@groups.operation("GET", "", signed_in)
def list_groups(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Group]:
    """All groups with their permissions"""
    statement = select(PermissionGroup).where(PermissionGroup.id > (after or 0))
    rows = db.session.scalars(statement.order_by(PermissionGroup.id).limit(limit + 1)).all()
    page = cut(rows, limit, lambda row: row.id)
    return Page(_with_names(page.items), page.next)


@groups.operation(
    "POST",
    "",
    MANAGE_GROUPS,
    body="NewGroup",
    once=True,
    status=201,
    location=("read_group", "id"),
)
def create_group(
    actor_id: Actor,
    name: GroupName,
    description: Description = "",
    permissions: Annotated[Sequence[str], Length(max=MEMBERS_MAX)] = (),
    reason: Why = None,
) -> Group:
    """Make a group"""
    made = rights.register_group(name, permissions, description, actor_id=actor_id, reason=reason)
    return read_group(made.ids[0])


@groups.operation("GET", GROUP, signed_in, also=(404,))
def read_group(group_id: int) -> Group:
    """A group with its permissions"""
    return _with_names([existing(PermissionGroup, group_id)])[0]


@groups.operation(
    "PATCH",
    GROUP,
    MANAGE_GROUPS,
    body="ChangeGroup",
    some="Give 'name' or 'description'.",
    also=(404, 409),
)
def change_group(
    actor_id: Actor, group_id: int, reason: Why = None, **changes: Unpack[Changes]
) -> Group:
    """Change name or description"""
    row = locked(PermissionGroup, group_id)
    before, after = change(row, changes)
    if after:
        with unique("name", "another group has this name"):
            db.session.flush()
        record_audit(
            "group.update",
            f"group:{group_id}",
            by=actor_id,
            before=before,
            after=after,
            reason=reason,
        )
    db.session.commit()
    return read_group(group_id)


@groups.operation("DELETE", GROUP, MANAGE_GROUPS, also=(404, 409))
def delete_group(actor_id: Actor, group_id: int, reason: Why = None) -> None:
    """Delete a group, and with it the grants that roles have by it"""
    rights.delete_group(group_id, actor_id=actor_id, reason=reason)


@groups.operation("PUT", MEMBER, MANAGE_GROUPS, also=(404, 409))
def add_to_group(actor_id: Actor, group_id: int, permission: str, reason: Why = None) -> Group:
    """Put a permission into a group"""
    rights.assign_permission_to_group(group_id, [permission], actor_id=actor_id, reason=reason)
    return read_group(group_id)


@groups.operation("DELETE", MEMBER, MANAGE_GROUPS, also=(404, 409))
def remove_from_group(actor_id: Actor, group_id: int, permission: str, reason: Why = None) -> None:
    """Take a permission out of a group"""
    if permission not in read_group(group_id).permissions:
        raise UnknownResource("permission", permission, "permission")
    rights.remove_permission_from_group(group_id, [permission], actor_id=actor_id, reason=reason)


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
