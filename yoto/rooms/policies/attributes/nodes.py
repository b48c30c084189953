"""Nodes of declared types as policies see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, select
from sqlalchemy.engine import Connection

from yoto.nodes import NodeId
from yoto.store.models import Resource
from yoto.store.resources import ResourceType


def attributes_of(
    connection: Connection, declared: ResourceType, node_ids: Collection[NodeId]
) -> dict[NodeId, dict[str, Any]]:
    """The ``declared.attributes`` of nodes, as JSON data; nodes that do not exist are left out.

    Times are ISO 8601 in the zone in which they are kept, UUIDs and enumerations texts. A
    registered resource has its own.
    """
    if declared.registered:
        rows = Resource.__table__.c
        kept = select(rows.id, rows.attributes).where(
            rows.type == declared.name, rows.id.in_(node_ids)
        )
        return {id_: attributes or {} for id_, attributes in connection.execute(kept)}
    return rows_of(connection, declared.attributes, declared.table, declared.id, node_ids)


def rows_of(
    connection: Connection,
    attributes: Mapping[str, ColumnElement[Any]],
    source: FromClause,
    key: ColumnElement[Any],
    ids: Collection[Any],
) -> dict[Any, dict[str, Any]]:
    """Columns of rows, by name, as JSON data, by the value of ``key``."""
    statement = select(key, *attributes.values()).select_from(source).where(key.in_(ids))
    return {
        id_: dict(zip(attributes, map(as_json, values), strict=True))
        for id_, *values in connection.execute(statement)
    }


def as_json(value: Any) -> Any:
    """A value of a column as JSON has it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value
