"""Nodes of declared types as policies see them."""

from __future__ import annotations

from collections.abc import Mapping
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
    connection: Connection, declared: ResourceType, node_id: NodeId
) -> dict[str, Any] | None:
    """What ``declared.attributes`` are of a node, as JSON data; None: it does not exist.

    Times are ISO 8601 in the zone in which they are kept, UUIDs and enumerations texts. A
    registered resource has its own.
    """
    if declared.registered:
        rows = Resource.__table__.c
        kept = select(rows.attributes).where(rows.type == declared.name, rows.id == node_id)
        found = connection.execute(kept).one_or_none()
        return None if found is None else found.attributes or {}
    return row_of(connection, declared.attributes, declared.table, declared.id == node_id)


def row_of(
    connection: Connection,
    attributes: Mapping[str, ColumnElement[Any]],
    source: FromClause,
    condition: ColumnElement[bool],
) -> dict[str, Any] | None:
    """Columns of one row, by name, as JSON data; None: there is no such row."""
    columns = [column.label(name) for name, column in attributes.items()]
    statement = select(*columns).select_from(source).where(condition)
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else {name: as_json(value) for name, value in row.items()}


def as_json(value: Any) -> Any:
    """A value of a column as JSON has it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value
