"""Roles: reading them here, changing them through the permission system and its hierarchy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.blueprints.rows import existing
from app.db import db
from app.extensions import permissions
from app.http.paging import Page, cut
from app.models import Role


def roles_of(server_id: int | None, *, after: int | None, limit: int) -> Page[Role]:
    """A page of the roles of a server, or of the global ones, in the order they were made."""
    statement = select(Role).where(Role.server_key == (server_id or 0), Role.id > (after or 0))
    rows = db.session.scalars(statement.order_by(Role.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda role: role.id)


def make_role(actor_id: int, server_id: int | None, body: dict[str, Any]) -> Role:
    """Make a role; the new row.

    Raises:
        ValidationFailed, PermissionDenied: as ``PermissionSystem.register_role``.
    """
    receipt = permissions.register_role(
        body["name"],
        server_id,
        body["parent_id"],
        position=body["position"],
        active=body["active"],
        actor_id=actor_id,
        reason=body["reason"],
    )
    return existing(Role, receipt.ids[0])


def change_role(actor_id: int, role_id: int, body: dict[str, Any]) -> Role:
    """Change what is given of a role; the row as it is now.

    Raises:
        ValidationFailed, PermissionDenied: as ``PermissionSystem.update_role``.
    """
    changes = {"parent" if key == "parent_id" else key: value for key, value in body.items()}
    permissions.update_role(role_id, **changes, actor_id=actor_id)
    return existing(Role, role_id)
