"""Rows that a request names, and the changes that it makes to one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from yoto.errors import UnknownResource
from yoto.store.db import db

Row = TypeVar("Row")


class FieldChange(NamedTuple):
    """The changed fields, JSON-ready; both are empty when none changed."""

    before: dict[str, Any]
    after: dict[str, Any]


def existing(model: type[Row], row_id: int) -> Row:
    """The row with this id.

    Raises:
        UnknownResource: there is none.
    """
    return _found(db.session.get(model, row_id), model, row_id)


def locked(model: type[Row], row_id: int) -> Row:
    """The row with this id as it is now, locked until the end of the transaction.

    Raises:
        UnknownResource: there is none.
    """
    row = db.session.get(model, row_id, with_for_update=True, populate_existing=True)
    return _found(row, model, row_id)


def _found(row: Row | None, model: type[Row], row_id: int) -> Row:
    if row is None:
        raise UnknownResource(model.__name__.lower(), row_id)
    return row


def change(row: Any, values: Mapping[str, Any]) -> FieldChange:
    """Set the attributes of ``row`` to ``values``, and return those that changed."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    before = json_ready({name: getattr(row, name) for name in changed})
    for name, value in changed.items():
        setattr(row, name, value)
    return FieldChange(before, json_ready(changed))


def json_ready(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values for an audit record: times in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
