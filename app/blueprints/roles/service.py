"""Roles: reading them here, changing them through the permission system and its hierarchy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, func, select
from werkzeug.exceptions import Conflict

from app.extensions import permissions
from app.models import Server
from yoto.api.rows import existing, locked
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import Role

ROLES_MAX = 250  # a server; each check looks through those that a user holds


_roles = Role.__table__
_PAGE = (
    select(_roles)
    .where(_roles.c.home == bindparam("home"), _roles.c.id > bindparam("after"))
    .order_by(_roles.c.id)
    .limit(bindparam("rows"))
)


def roles_of(server_id: int | None, *, after: int | None, limit: int) -> Page[Row[Any]]:
    """A page of the roles of a server, or of the global ones, in the order they were made."""
    values = {
        "home": f"server:{server_id}" if server_id else "",
        "after": after or 0,
        "rows": limit + 1,
    }
    rows = db.session.execute(_PAGE, values).all()
    return cut(rows, limit, lambda role: int(role.id))


def make_role(actor_id: int | None, server_id: int | None, body: dict[str, Any]) -> Role:
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
        if (db.session.scalar(count.with_for_update(read=True)) or 0) >= ROLES_MAX:
            raise Conflict(f"A server holds at most {ROLES_MAX} roles.")
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
