"""Roles: reading them here, changing them through the permission system and its hierarchy."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

import marshmallow as ma
from sqlalchemy import bindparam, func, select
from werkzeug.exceptions import Conflict

from app.blueprints.roles.access import GLOBAL_ROLES, MANAGE, needs_role_right, visible_role
from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from app.models import Server
from yoto.api.rows import existing, locked
from yoto.auth.access import signed_in
from yoto.auth.identity import identity
from yoto.http.fields import Flag, Name, ReasonSchema, RowId, Whole
from yoto.http.operation import Actor, After, Limit, Subject, Why
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between, parts_of, schema_named
from yoto.nodes import MAX_ID
from yoto.permission import require_permission
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import Role

ROLES_MAX = 250  # a server; each check looks through those that a user holds
NAME_LENGTH = Role.__table__.c.name.type.length  # type: ignore[attr-defined]
# Position 0 is the default role's; nobody ranks more roles than this by hand.
LOWEST, HIGHEST = 1, 1_000_000
OF_SERVER = "/servers/<int:server_id>/roles"
ROLE = "/roles/<int:role_id>"
PARENT = f"{ROLE}/parents/<int:parent_id>"

_roles = Role.__table__
_PAGE = (
    select(_roles)
    .where(_roles.c.home == bindparam("home"), _roles.c.id > bindparam("after"))
    .order_by(_roles.c.id)
    .limit(bindparam("rows"))
)
_manages_role = needs_role_right(MANAGE)


class Shown(TypedDict):
    """A role. ``server_id`` null: a global one. A higher position stands above a lower one."""

    id: int
    server_id: int | None
    name: str
    parent_id: int | None
    position: int
    active: bool
    is_default: bool
    access_request_id: Annotated[int | None, "The access request that it holds something lent for"]
    created_at: datetime


class NewRoleSchema(ReasonSchema):
    """A role to make. It inherits what its parent grants."""

    name = Name(NAME_LENGTH, required=True)
    parent_id = RowId(load_default=None)
    position = Whole(LOWEST, HIGHEST, load_default=LOWEST)
    active = Flag(load_default=True)


class Changes(TypedDict, total=False):
    """Changes of a role; fields that are left out stay."""

    name: Annotated[str, partial(Name, NAME_LENGTH)]
    parent_id: Annotated[int | None, Between(1, MAX_ID)]
    position: Annotated[int, Between(LOWEST, HIGHEST)]
    active: bool


roles = Subject(
    "roles",
    "",
    "What people are",
    "role",
    names={Role: schema_named("Role", ma.Schema, True, *parts_of(Shown))},
)


@roles.operation("GET", OF_SERVER, signed_in, also=(404,))
def list_server_roles(
    server_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[Role]:
    """The roles of a server that you are in"""
    demand_member(server_id, identity())
    return _roles_of(f"server:{server_id}", after, limit)


@roles.operation(
    "POST",
    OF_SERVER,
    require_permission(MANAGE, "server", "server_id"),
    body=NewRoleSchema,
    once=True,
    status=201,
    location=("read_role", "id"),
    also=(404, 409),
)
def create_server_role(actor_id: Actor, server_id: int, **new: Any) -> Role:
    """Make a role of a server"""
    return make_role(actor_id, server_id, **new)


@roles.operation("GET", "/roles", require_permission(GLOBAL_ROLES))
def list_global_roles(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Role]:
    """The global roles"""
    return _roles_of("", after, limit)


@roles.operation(
    "POST",
    "/roles",
    require_permission(GLOBAL_ROLES),
    body=NewRoleSchema,
    once=True,
    status=201,
    location=("read_role", "id"),
)
def create_global_role(actor_id: Actor, **new: Any) -> Role:
    """Make a global role"""
    return make_role(actor_id, None, **new)


@roles.operation("GET", ROLE, signed_in, also=(404,))
def read_role(role_id: int) -> Role:
    """A role of a server that you are in, or a global one"""
    return visible_role(role_id)


@roles.operation(
    "PATCH",
    ROLE,
    _manages_role,
    body="ChangeRole",
    some="Give at least one field to change.",
    also=(404, 409),
)
def change_role(
    actor_id: Actor, role_id: int, reason: Why = None, **changes: Unpack[Changes]
) -> Role:
    """Change name, parent, position or activity"""
    named = {"parent" if key == "parent_id" else key: value for key, value in changes.items()}
    permissions.update_role(role_id, **named, actor_id=actor_id, reason=reason)
    return existing(Role, role_id)


@roles.operation("DELETE", ROLE, _manages_role, also=(404, 409))
def delete_role(actor_id: Actor, role_id: int, reason: Why = None) -> None:
    """Delete a role with its grants, and take it from all who hold it"""
    permissions.delete_role(role_id, actor_id=actor_id, reason=reason)


@roles.operation("PUT", PARENT, _manages_role, also=(404, 409))
def add_role_parent(actor_id: Actor, role_id: int, parent_id: int, reason: Why = None) -> None:
    """Let a role inherit from one more; its first parent is `parent_id` of the role"""
    permissions.add_role_parent(role_id, parent_id, actor_id=actor_id, reason=reason)


@roles.operation("DELETE", PARENT, _manages_role, also=(404, 409))
def remove_role_parent(actor_id: Actor, role_id: int, parent_id: int, reason: Why = None) -> None:
    """Let a role inherit from one of its further parents no more"""
    permissions.remove_role_parent(role_id, parent_id, actor_id=actor_id, reason=reason)


def make_role(
    actor_id: int | None,
    server_id: int | None,
    name: str,
    parent_id: int | None,
    position: int,
    active: bool,
    reason: str | None,
) -> Role:
    """Make a role, for a user or, for None, as the system; the new row.

    Raises:
        Conflict: the server has as many roles as it may have.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.register_role``.
    """
    if server_id is not None:
        # The server's lock makes roles come one by one, so that the limit holds.
        locked(Server, server_id)
        # Those that hold what was lent come and go by themselves.
        made = (Role.server_id == server_id) & Role.access_request_id.is_(None)
        count = select(func.count()).select_from(Role).where(made)
        if counted_now(count)[0] >= ROLES_MAX:
            raise Conflict(f"A server holds at most {ROLES_MAX} roles.")
    receipt = permissions.register_role(
        name,
        server_id,
        parent_id,
        position=position,
        active=active,
        actor_id=actor_id,
        reason=reason,
    )
    return existing(Role, receipt.ids[0])


def _roles_of(home: str, after: int | None, limit: int) -> Page[Any]:
    """A page of the roles of a server, or of the global ones, in the order they were made."""
    values = {"home": home, "after": after or 0, "rows": limit + 1}
    rows = db.session.execute(_PAGE, values).all()
    return cut(rows, limit, lambda role: int(role.id))
