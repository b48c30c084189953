"""``permissions.visible``: narrowing a SELECT to what its reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import Select, inspect, not_, or_, select, true

from yoto.errors import ValidationFailed
from yoto.permission.asking import ask_policies
from yoto.permission.id_list import these_ids
from yoto.permission.registry import RegisteredPermission
from yoto.permission.scopes import Place, checked_id
from yoto.permission.search.page import SCAN_MAX
from yoto.permission.search.sql_verdict import Condition, SqlVerdict
from yoto.permission.source import reading
from yoto.permission.state import PermissionState
from yoto.permission.statements import CHANNEL, SERVER
from yoto.permission.turns import taking_turns
from yoto.store.declarations import declarations_of
from yoto.store.models import Channel, Server

Statement = TypeVar("Statement", bound=Select[Any])

TABLES = {CHANNEL: Channel.__tablename__, SERVER: Server.__tablename__}


def visible_in(
    state: PermissionState, statement: Statement, user_id: int, permission: str
) -> Statement:
    """``statement`` with the verdict on each of its channels or servers as a condition.

    Where policies judge the permission, they are asked now about each place in which roles allow
    it, and the condition names those that they allow.

    Raises:
        ValidationFailed: it selects neither or both (field ``statement``), a bad id, or there are
            more than ``SCAN_MAX`` places to ask policies about (field ``permission``).
        UnknownPermission: nobody registered the permission.
    """
    registered = state.registry.get(permission)
    sql = verdict_of(state, checked_id(user_id, "user_id"), registered)
    entity, model, scope = _selected(statement)
    met = sql.on_channels if scope == CHANNEL else sql.on_servers
    judged = _judged(state, registered, scope)
    if judged is None:
        return statement.where(met(entity))
    with reading() as connection:
        asked = select(model.id).where(met(model), judged(model)).limit(SCAN_MAX + 1)
        places = [Place(scope, id_) for id_ in connection.scalars(asked)]
    if len(places) > SCAN_MAX:
        raise ValidationFailed(
            {"permission": f"policies judge '{permission}' in too many places: list it instead"}
        )
    allowed = these_ids(
        place.id
        for place in taking_turns(places)
        if place.id is not None
        and not ask_policies(state, user_id, [registered], place, None).denied
    )
    return statement.where(met(entity), or_(not_(judged(entity)), entity.id.in_(allowed)))


def _judged(
    state: PermissionState, permission: RegisteredPermission, scope: str
) -> Callable[[Any], Condition] | None:
    """Where policies decide about the permission too; None: nowhere."""
    if permission.abac:
        return lambda entity: true()
    judged = state.judged
    if judged is None or permission.name not in judged.names or scope != CHANNEL:
        return None
    return judged.condition


def verdict_of(
    state: PermissionState, user_id: int, permission: RegisteredPermission
) -> SqlVerdict:
    """The verdict on one permission, as of now; policies are left out."""
    now = datetime.fromtimestamp(state.clock(), UTC)
    return SqlVerdict(user_id, permission, dict(state.registry.snapshot.by_name), now)


def _selected(statement: Select[Any]) -> tuple[Any, Any, str]:
    """The one entity of the statement that is a channel or a server, its mapped class, and which
    of both it is.
    """
    declared = declarations_of(current_app).tables
    scopes = {declared[name].table: scope for scope, name in TABLES.items() if name in declared}
    found: dict[Any, tuple[Any, str]] = {}
    for description in statement.column_descriptions:
        entity = description["entity"]
        if entity is None:
            continue
        mapper = inspect(entity).mapper
        scope = scopes.get(mapper.local_table)
        if scope is not None:
            found[entity] = mapper.class_, scope
    if len(found) != 1:
        raise ValidationFailed({"statement": "must select channels, or servers"})
    [(selected, (model, scope))] = found.items()
    return selected, model, scope
