"""The permission registry: read here, and extended through the permission system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.database_problems import conflict
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import Permission


def registered(*, after: int | None, limit: int) -> Page[Permission]:
    """A page of permissions in the order they were registered."""
    statement = select(Permission).where(Permission.id > (after or 0)).order_by(Permission.id)
    rows = db.session.scalars(statement.limit(limit + 1)).all()
    return cut(rows, limit, lambda permission: permission.id)


def one(name: str) -> Permission:
    """The permission called ``name``.

    Raises:
        UnknownResource: it is not registered.
    """
    found = _find(name)
    if found is None:
        raise UnknownResource("permission", name, "permission")
    return found


def register(actor_id: int, body: Mapping[str, Any]) -> Permission:
    """Register a permission.

    Raises:
        Conflict: it is registered already.
        ValidationFailed: as ``PermissionSystem.register_permission``.
    """
    if _find(body["name"]) is not None:
        raise conflict("name", "is registered already")
    permissions.register_permission(**body, actor_id=actor_id)
    return one(body["name"])


def _find(name: str) -> Permission | None:
    return db.session.scalar(select(Permission).where(Permission.name == name))
