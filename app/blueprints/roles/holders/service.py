"""Assignments: reading them here, changing them through the permission system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.blueprints.naming import api_names
from app.blueprints.rights import demand
from app.blueprints.roles.access import GLOBAL_ROLES
from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.api.rows import existing
from yoto.api.visibility import demand_sight
from yoto.auth.identity import Identity
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.permission import Place
from yoto.store.db import db
from yoto.store.models import Role, RoleAssignment, ScopeType, User

FIELDS = {"role_ids": "role_id"}


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder of a role. ``id`` is the assignment's."""

    id: int
    user: Person
    valid_from: datetime | None
    valid_until: datetime | None
    assigned_by: int | None
    created_at: datetime


def holders_of(role_id: int, *, after: int | None, limit: int) -> Page[Holder]:
    """A page of the users who were given the role, in force or not."""
    statement = (
        select(RoleAssignment, *PERSON_COLUMNS)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.role_id == role_id, RoleAssignment.user_id > (after or 0))
        .order_by(RoleAssignment.user_id)
        .limit(limit + 1)
    )
    rows = [
        Holder(
            row.id,
            Person(*person),
            row.valid_from,
            row.valid_until,
            row.assigned_by,
            row.created_at,
        )
        for row, *person in db.session.execute(statement)
    ]
    return cut(rows, limit, lambda holder: holder.user.id)


def roles_held(
    caller: Identity, user_id: int, server_id: int | None, *, after: int | None, limit: int
) -> Page[RoleAssignment]:
    """A page of the roles of one server (or the global ones) that a user was given.

    Raises:
        UnknownResource: there is no such server, or not for the caller.
        PermissionDenied: it is not about the caller, who is not in the server, or may not see
            global roles.
    """
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


def assign(actor_id: int, role_id: int, user_id: int, body: Mapping[str, Any]) -> RoleAssignment:
    """Give the role to a user, or a role already held its new window.

    Raises:
        UnknownResource: it has been revoked meanwhile.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.assign_roles_to_user``.
        LastAdministrator: with the window no permanent administrator would be left.
    """
    with api_names(FIELDS):
        receipt = permissions.assign_roles_to_user(
            user_id,
            [role_id],
            None,
            body["valid_from"],
            body["valid_until"],
            actor_id=actor_id,
            reason=body["reason"],
        )
    return existing(RoleAssignment, receipt.ids[0])


def take(actor_id: int, role_id: int, user_id: int, reason: str | None) -> None:
    """Take the role from a user.

    Raises:
        UnknownResource: the user does not hold it.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.revoke_roles_from_user``.
        LastAdministrator: no administrator would be left.
    """
    held = select(RoleAssignment.id).where(
        RoleAssignment.role_id == role_id, RoleAssignment.user_id == user_id
    )
    if db.session.scalar(held) is None:
        raise UnknownResource("holder", user_id, "user_id")
    with api_names(FIELDS):
        permissions.revoke_roles_from_user(user_id, [role_id], actor_id=actor_id, reason=reason)
