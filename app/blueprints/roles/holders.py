"""Holders of roles, and the windows in which they hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict

import marshmallow as ma
from sqlalchemy import select

from app.blueprints.naming import api_names
from app.blueprints.rights import demand
from app.blueprints.roles.access import ASSIGN, GLOBAL_ROLES, needs_role_right, visible_role
from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from yoto.api.people import PERSON_COLUMNS, Person, PersonSchema
from yoto.api.rows import existing
from yoto.api.visibility import demand_sight
from yoto.auth.access import signed_in
from yoto.auth.identity import identity
from yoto.errors import UnknownResource
from yoto.http.operation import Actor, After, Limit, Subject, Why
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between, parts_of, schema_named
from yoto.nodes import MAX_ID
from yoto.permission import Place
from yoto.store.db import db
from yoto.store.models import Role, RoleAssignment, ScopeType, User

OF_ROLE = "/roles/<int:role_id>/members"
HOLDER = f"{OF_ROLE}/<int:user_id>"
FIELDS = {"role_ids": "role_id"}
HALF_OPEN = "In force while valid_from <= now < valid_until; null: no bound"
Begin = Annotated[datetime | None, HALF_OPEN]
_assigns_role = needs_role_right(ASSIGN)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role."""

    user: Annotated[Person, partial(ma.fields.Nested, PersonSchema)]
    valid_from: Begin
    valid_until: datetime | None
    assigned_by: int | None
    created_at: datetime


class Assignment(TypedDict):
    """A role that somebody holds."""

    role_id: int
    user_id: int
    valid_from: Begin
    valid_until: datetime | None
    assigned_by: int | None
    created_at: datetime


holders = Subject(
    "holders",
    "",
    "Who holds roles",
    "holder",
    names={RoleAssignment: schema_named("Assignment", ma.Schema, True, *parts_of(Assignment))},
)


@holders.operation("GET", OF_ROLE, signed_in, also=(404,))
def list_holders(role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Holder]:
    """Those who were given a role, in force or not"""
    return holders_of(visible_role(role_id).id, after, limit)


def holders_of(role_id: int, after: int | None, limit: int) -> Page[Holder]:
    """A page of the users who were given the role, in force or not."""
    statement = (
        select(RoleAssignment, *PERSON_COLUMNS)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.role_id == role_id, RoleAssignment.user_id > (after or 0))
        .order_by(RoleAssignment.user_id)
        .limit(limit + 1)
    )
    rows = [
        Holder(Person(*person), row.valid_from, row.valid_until, row.assigned_by, row.created_at)
        for row, *person in db.session.execute(statement)
    ]
    return cut(rows, limit, lambda holder: holder.user.id)


@holders.operation("PUT", HOLDER, _assigns_role, body="Assign", also=(404, 409))
def assign_role(
    actor_id: Actor,
    role_id: int,
    user_id: int,
    valid_from: Begin = None,
    valid_until: datetime | None = None,
    reason: Why = None,
) -> RoleAssignment:
    """Give a role to somebody, for a time or for good"""
    with api_names(FIELDS):
        receipt = permissions.assign_roles_to_user(
            user_id, [role_id], None, valid_from, valid_until, actor_id=actor_id, reason=reason
        )
    return existing(RoleAssignment, receipt.ids[0])


@holders.operation("DELETE", HOLDER, _assigns_role, also=(404, 409))
def take_role(actor_id: Actor, role_id: int, user_id: int, reason: Why = None) -> None:
    """Take a role from somebody"""
    held = select(RoleAssignment.id).where(
        RoleAssignment.role_id == role_id, RoleAssignment.user_id == user_id
    )
    if db.session.scalar(held) is None:
        raise UnknownResource("holder", user_id, "user_id")
    with api_names(FIELDS):
        permissions.revoke_roles_from_user(user_id, [role_id], actor_id=actor_id, reason=reason)


@holders.operation("GET", "/users/<int:user_id>/roles", signed_in, also=(404,))
def list_roles_held(
    user_id: int,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
    server_id: Annotated[int | None, Between(1, MAX_ID)] = None,
) -> Page[RoleAssignment]:
    """The roles that somebody was given in a server, or globally"""
    caller = identity()
    if server_id is not None:
        demand_sight(caller.user_id, [Place(ScopeType.SERVER.value, server_id)])
        demand_member(server_id, caller)
    elif user_id != caller.user_id:
        demand(caller.user_id, GLOBAL_ROLES, ScopeType.GLOBAL)
    statement = (
        select(RoleAssignment)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.id > (after or 0),
            Role.home == (f"server:{server_id}" if server_id else ""),
        )
        .order_by(RoleAssignment.id)
        .limit(limit + 1)
    )
    rows = db.session.scalars(statement).all()
    return cut(rows, limit, lambda assignment: assignment.id)
