"""``permissions.visible``: narrows a SELECT to the rows that its reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import compress
from typing import Any, TypeVar

from sqlalchemy import Select, inspect, not_, or_, select, true

from yoto.errors import ValidationFailed
from yoto.permission.checking.asking import allowed_by_policies
from yoto.permission.database.id_list import these_ids
from yoto.permission.database.statements import of_community
from yoto.permission.loading.source import reading
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, checked_id
from yoto.permission.search.page import SCAN_MAX
from yoto.permission.search.sql_verdict import Condition, SqlVerdict
from yoto.permission.state import PermissionState
from yoto.store.resources import ResourceType, known_types

Statement = TypeVar("Statement", bound=Select[Any])


def visible_in(
    state: PermissionState, statement: Statement, user_id: int, permission: str
) -> Statement:
    """``statement`` with the verdict on each of its nodes as a condition.

    Where policies check the permission, they are asked now about each place in which roles allow
    it, and the condition names the places that they allow.

    Raises:
        ValidationFailed: it selects nodes of no type or of several (field ``statement``), a bad id,
            or there are
            more than ``SCAN_MAX`` places to ask policies about (field ``permission``).
        UnknownPermission: the permission is not registered.
    """
    registered = state.registry.get(permission)
    entity, declared = _selected(statement)
    sql = verdict_of(state, declared.name, checked_id(user_id, "user_id"), registered)
    judged = _judged(state, registered, declared.name)
    if judged is None:
        return statement.where(sql.on(entity))
    model, key = declared.model, declared.key
    with reading() as connection:
        asked = select(declared.id).where(sql.on(model), judged(model)).limit(SCAN_MAX + 1)
        places = [Place(declared.name, id_) for id_ in connection.scalars(asked)]
    if len(places) > SCAN_MAX:
        raise ValidationFailed(
            {"permission": f"policies judge '{permission}' in too many places: list it instead"}
        )
    verdicts = allowed_by_policies(state, registered, [(user_id, place) for place in places])
    allowed: list[Any] = [place.id for place in compress(places, verdicts)]
    column = inspect(entity).selectable.c[key]
    among = these_ids(allowed) if declared.id_type is int else allowed
    return statement.where(sql.on(entity), or_(not_(judged(entity)), column.in_(among)))


def _judged(
    state: PermissionState, permission: RegisteredPermission, scope: str
) -> Callable[[Any], Condition] | None:
    """The places where policies decide about the permission too; None: nowhere."""
    if permission.abac:
        return lambda entity: true()
    judged = state.judged
    if judged is None or permission.name not in judged.names:
        return None
    if scope != judged.kind or not of_community(scope):
        return None
    return judged.condition


def verdict_of(
    state: PermissionState, kind: str, user_id: int, permission: RegisteredPermission
) -> SqlVerdict:
    """The verdict on one permission, as of now; policies are left out."""
    now = datetime.fromtimestamp(state.clock(), UTC)
    known = dict(state.registry.snapshot.by_name)
    return SqlVerdict(known_types(), kind, user_id, permission, known, now)


def _selected(statement: Select[Any]) -> tuple[Any, ResourceType]:
    """The one entity of the statement whose rows are nodes, and their type."""
    types = known_types()
    found: dict[Any, ResourceType] = {}
    for description in statement.column_descriptions:
        entity = description["entity"]
        if entity is None:
            continue
        declared = types.of_model(inspect(entity).mapper.local_table)
        if declared is not None and declared.askable:
            found[entity] = declared
    if len(found) != 1:
        known = ", ".join(one.name for one in types if one.askable)
        raise ValidationFailed({"statement": f"must select nodes of one type: {known}"})
    [(selected, declared)] = found.items()
    return selected, declared
