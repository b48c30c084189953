"""One role: its place in the order, its grants, its holders, and overwrites that name it.

Beyond `platform.view`, everything except its name takes the right to audit in its home, or
`admin.audit`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import func, select

from yoto.api.permissions.checks.asking import Question
from yoto.api.rows import existing
from yoto.auth.operators import VIEW
from yoto.errors import PermissionDenied
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.nodes import GLOBAL, place_of_text, shown_text
from yoto.operate.insight import demand_operators_insight
from yoto.operate.permissions.matrix import (
    counted_at,
    granted_to,
    inherited_by,
    number_of_holders,
)
from yoto.operate.permissions.people import AssignedRole, LaidOverwrite, assigned, laid_by
from yoto.operate.permissions.shapes import Grant
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import ChannelOverwrite, Role, RoleAssignment

roles = Subject("roles", "/roles", "One role: what it grants, and who holds it", "role")


class NamedRole(TypedDict):
    """A role with its name."""

    id: int
    name: str


class RoleStanding(TypedDict):
    """A role's place among others."""

    position: int
    above: Annotated[int, "Roles from the same place that stand above it"]
    active: Annotated[bool, "An inactive role grants nothing to anybody"]
    is_default: Annotated[bool, "Every member has it"]
    access_request_id: Annotated[int | None, "The access request that it holds something lent for"]
    created_at: datetime
    holders: Annotated[int, "Assignments, also those that are not in force"]
    inherits: Annotated[list[NamedRole], "The roles that it inherits from now, nearest first"]


class ShownRole(NamedRole):
    """A role, as all operators may see it."""

    home: Annotated[str | None, "Where it is from, such as server:7; null: everywhere"]
    standing: Annotated[RoleStanding | None, "Null: the operator may not read the other parts"]


class RoleGrant(Grant):
    """A grant of a role, its own or an inherited one."""

    role_id: Annotated[int, "Itself, or the role that it inherits this from"]
    role: str


@roles.operation("GET", "/<int:role_id>", VIEW)
def read_role(role_id: int) -> ShownRole:
    """One role, and its place among others"""
    role = existing(Role, role_id)
    try:
        _demand(role)
        standing: RoleStanding | None = _standing(role)
    except PermissionDenied:
        standing = None
    home = shown_text(role.home) or None
    return {"id": role.id, "name": role.name, "home": home, "standing": standing}


@roles.operation("GET", "/<int:role_id>/grants", VIEW, also=(404,))
def list_grants_of(
    role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[RoleGrant]:
    """Grants of a role, its own first, then inherited ones

    Inherited grants are listed if they count in the role's home.
    """
    role, begin = _private(role_id), after or 0
    named = {one["id"]: one["name"] for one in [_named(role), *_inherited(role)]}
    granted = granted_to(list(named))
    counted = counted_at(place_of_text(role.home)) if role.home else None
    every = [
        RoleGrant(**one, role_id=id_, role=name)
        for id_, name in named.items()
        for one in granted[id_]
        if id_ == role.id or counted is None or one["scope"] in counted
    ]
    found = every[begin : begin + limit + 1]
    return Page(found[:limit], begin + limit if len(found) > limit else None)


@roles.operation("GET", "/<int:role_id>/holders", VIEW, also=(404,))
def list_holders_of(
    role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[AssignedRole]:
    """Holders of a role by assignment, in force or not"""
    role = _private(role_id)
    statement = (
        select(RoleAssignment)
        .where(RoleAssignment.role_id == role.id, RoleAssignment.id > (after or 0))
        .order_by(RoleAssignment.id)
        .limit(limit + 1)
    )
    now, rows = utcnow(), db.session.scalars(statement).all()
    return cut([assigned(given, role, now) for given in rows], limit, lambda one: one["id"])


@roles.operation("GET", "/<int:role_id>/overwrites", VIEW, also=(404,))
def list_overwrites_for(
    role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[LaidOverwrite]:
    """Overwrites for a role"""
    return laid_by(ChannelOverwrite.role_id == _private(role_id).id, after, limit)


def _standing(role: Role) -> RoleStanding:
    above = select(func.count()).where(Role.home == role.home, Role.position > role.position)
    return {
        "position": role.position,
        "above": db.session.scalar(above) or 0,
        "active": role.active,
        "is_default": role.is_default,
        "access_request_id": role.access_request_id,
        "created_at": role.created_at,
        "holders": number_of_holders([role.id]).get(role.id, 0),
        "inherits": _inherited(role),
    }


def _named(role: Role) -> NamedRole:
    return {"id": role.id, "name": role.name}


def _inherited(role: Role) -> list[NamedRole]:
    ids = inherited_by(role.home, [role.id])[role.id]
    rows = {one.id: one for one in db.session.scalars(select(Role).where(Role.id.in_(ids)))}
    return [_named(rows[id_]) for id_ in ids if id_ in rows]


def _private(role_id: int) -> Role:
    """The role, if the operator may know about others in its home."""
    role = existing(Role, role_id)
    _demand(role)
    return role


def _demand(role: Role) -> None:
    place = place_of_text(role.home) if role.home else GLOBAL
    demand_operators_insight([Question("", *place)])
