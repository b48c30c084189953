"""Finding what a write is about, or saying which field names nothing."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.scopes import checked_id
from yoto.store.models import Category, Channel, PermissionGroup, Role, ScopeType, Server, User

Row = TypeVar("Row", Category, Channel, PermissionGroup, Role, Server, User)

KINDS: dict[type[Any], str] = {
    Category: "category",
    Channel: "channel",
    PermissionGroup: "group",
    Role: "role",
    Server: "server",
    User: "user",
}


def require(session: Session, model: type[Row], row_id: Any, field: str | None = None) -> Row:
    """The row of ``model`` with this id.

    Raises:
        ValidationFailed: not an id.
        UnknownResource: there is none; names ``field``, by default such as ``role_id``.
    """
    kind = KINDS[model]
    found = session.get(model, checked_id(row_id, field or f"{kind}_id"))
    if found is None:
        raise UnknownResource(kind, row_id, field)
    return found


def require_role(
    session: Session, role_id: Any, field: str = "role_id", *, default_too: bool = False
) -> Role:
    """The role; ``@everyone`` only with ``default_too``.

    Raises:
        ValidationFailed: not an id, or the default role.
        UnknownResource: there is none.
    """
    role = require(session, Role, role_id, field)
    if role.is_default and not default_too:
        raise ValidationFailed({field: "the default role is everybody's, always, as it is"})
    return role


def grant_scope(
    session: Session, role: Role, scope_type: str | None, scope_id: Any
) -> tuple[int | None, int | None]:
    """Server id and channel id of a grant's scope; both None is global.

    Raises:
        ValidationFailed: fields ``scope_type`` and ``scope_id``: an unknown scope, an id missing
            or too many, or a place outside the role's server.
        UnknownResource: no such place.
    """
    if scope_type is None or scope_type == ScopeType.GLOBAL:
        if scope_id is not None:
            raise ValidationFailed({"scope_id": "the global scope has no id"})
        return None, None
    if scope_type not in (ScopeType.SERVER, ScopeType.CHANNEL):
        raise ValidationFailed({"scope_type": f"unknown scope {scope_type!r}"})
    if scope_id is None:
        raise ValidationFailed({"scope_id": f"the scope {str(scope_type)!r} needs an id"})
    if scope_type == ScopeType.SERVER:
        server_id = require(session, Server, scope_id, "scope_id").id
        channel_id = None
    else:
        channel = require(session, Channel, scope_id, "scope_id")
        server_id, channel_id = channel.server_id, channel.id
    if role.server_id not in (None, server_id):
        raise ValidationFailed({"scope_id": f"is not in server {role.server_id}, the role's"})
    return (None, channel_id) if channel_id is not None else (server_id, None)
