"""INSERT or else UPDATE, which each database spells in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Dialect, Insert, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite

# Dialects with ON CONFLICT, which they spell alike.
_CONFLICTING: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_new(table: Table, dialect: Dialect) -> Insert:
    """An INSERT that leaves existing rows alone."""
    if dialect.name in _CONFLICTING:
        found: Insert = _CONFLICTING[dialect.name](table).on_conflict_do_nothing()
        return found
    # IGNORE would also swallow values that do not fit.
    [key] = table.primary_key.columns
    return mysql.insert(table).on_duplicate_key_update({key.name: key})


def insert_or_update(
    table: Table, dialect: Dialect, values: Callable[[Any], Mapping[str, Any]]
) -> Insert:
    """An INSERT that updates an existing row with the same primary key.

    Args:
        values: from the columns of the row that was not inserted to the values of the existing one.
    """
    if dialect.name in _CONFLICTING:
        new = _CONFLICTING[dialect.name](table)
        updating: Insert = new.on_conflict_do_update(
            index_elements=list(table.primary_key), set_=values(new.excluded)
        )
        return updating
    statement = mysql.insert(table)
    return statement.on_duplicate_key_update(dict(values(statement.inserted)))
