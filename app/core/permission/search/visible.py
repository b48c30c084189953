"""``permissions.visible``: narrowing a SELECT to what its reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, inspect

from app.core.errors import ValidationFailed
from app.core.permission.registry import RegisteredPermission
from app.core.permission.scopes import checked_id
from app.core.permission.search.sql_verdict import Condition, SqlVerdict
from app.core.permission.state import PermissionState
from app.models import Channel, Server

Statement = TypeVar("Statement", bound=Select[Any])


def visible_in(
    state: PermissionState, statement: Statement, user_id: int, permission: str
) -> Statement:
    """``statement`` with the verdict on each of its channels or servers as a condition.

    Raises:
        ValidationFailed: it selects neither or both (field ``statement``), a bad id, or a
            permission that policies judge, which no SQL can ask (field ``permission``).
        UnknownPermission: nobody registered the permission.
    """
    registered = state.registry.get(permission)
    judged = state.judged.names if state.judged is not None else ()
    if registered.abac or permission in judged:
        raise ValidationFailed({"permission": f"policies judge '{permission}': list it instead"})
    sql = verdict_of(state, checked_id(user_id, "user_id"), registered)
    return statement.where(_condition(statement, sql))


def verdict_of(
    state: PermissionState, user_id: int, permission: RegisteredPermission
) -> SqlVerdict:
    """The verdict on one permission, as of now; policies are left out."""
    now = datetime.fromtimestamp(state.clock(), UTC)
    return SqlVerdict(user_id, permission, dict(state.registry.snapshot.by_name), now)


def _condition(statement: Select[Any], sql: SqlVerdict) -> Condition:
    """The verdict on the one entity of the statement that is a channel or a server."""
    found: dict[Any, Callable[[Any], Condition]] = {}
    for description in statement.column_descriptions:
        entity = description["entity"]
        if entity is None:
            continue
        model = inspect(entity).mapper.class_
        if model is Channel:
            found[entity] = sql.on_channels
        elif model is Server:
            found[entity] = sql.on_servers
    if len(found) != 1:
        raise ValidationFailed({"statement": "must select channels, or servers"})
    [(entity, condition)] = found.items()
    return condition(entity)
