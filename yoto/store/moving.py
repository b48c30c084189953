"""Fills a new database with the rows of another one, of whichever kind: by types, not by SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import (
    URL,
    Column,
    Connection,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from yoto.store.columns import FILLED, Model
from yoto.store.db import EXTENSION, Store, engine_at, engine_beside, writing
from yoto.store.declarations import declarations_of
from yoto.store.migrations import found_in
from yoto.store.people import USERS
from yoto.store.servers import POSTGRESQL, refuse_unsupported
from yoto.store.time_limits import TIME_LIMIT

ROWS = 1_000  # of one statement


def fill_from(app: Flask, url: URL, tell: Callable[[str], object]) -> int:
    """Copy all rows of the database at ``url`` into the tables of the current one, or none.

    Args:
        tell: gets a line for each table that has rows.

    Returns:
        How many rows that were.

    Raises:
        ConfigurationError: a database that is not supported.
        ValueError: the two are not at the same migrations, or the current one has rows already.
    """
    refuse_unsupported(url, "ADDRESS")
    old = engine_at(url)
    limits = {TIME_LIMIT: None}
    unlimited = engine_beside(app).execution_options(**limits)
    try:
        with writing(False), old.connect().execution_options(**limits) as source:
            with writing(), unlimited.begin() as target:
                return _fill(_tables(app), source, target, tell)
    finally:
        old.dispose()


def _tables(app: Flask) -> Sequence[Table]:
    """The platform's tables, and those of an application that has its database for it, each after
    those that it refers to.
    """
    store: Store = app.extensions[EXTENSION]
    all_ = MetaData()
    for metadata in (store.tables, Model.metadata):
        for table in () if metadata is None else metadata.tables.values():
            table.to_metadata(all_)
    declared = declarations_of(app).tables.get(USERS)
    if declared is not None and declared.numbers is not None:
        declared.numbers.to_metadata(all_)
    return all_.sorted_tables


def _fill(
    tables: Sequence[Table], source: Connection, target: Connection, tell: Callable[[str], object]
) -> int:
    if found_in(source) != found_in(target):
        raise ValueError("the tables of the two are not of the same version: set up the old one")
    there = set(inspect(source).get_table_names())
    kept = [one for one in tables if one.name in there]
    missing = {one.name for one in kept} - set(inspect(target).get_table_names())
    if missing:
        raise ValueError(f"the new database lacks {', '.join(sorted(missing))}: make its tables")
    for table in kept:
        if FILLED in table.info:
            target.execute(delete(table))
        elif target.scalar(select(1).select_from(table).limit(1)):
            raise ValueError(f"the new database has rows already, in {table.name}")
    copied = 0
    for table in kept:
        count = _copy(table, source, target)
        found = target.scalar(select(func.count()).select_from(table))
        if found != count:
            raise ValueError(f"{table.name}: {found} rows of {count}")
        if count:
            tell(f"{table.name}: {count}")
        copied += count
    return copied


def _copy(table: Table, source: Connection, target: Connection) -> int:
    own = [key.parent for key in table.foreign_keys if key.column.table is table]
    count = 0
    for rows in _chunks(table, source):
        # A row may come before the one of the same table that it refers to.
        target.execute(insert(table), [row | {one.name: None for one in own} for row in rows])
        count += len(rows)
    [key, *more] = table.primary_key.columns
    for column in own:
        later = update(table).where(key == bindparam("of")).values({column: bindparam("to")})
        for rows in _chunks(table, source, column):
            target.execute(later, [{"of": row[key.name], "to": row[column.name]} for row in rows])
    if target.dialect.name == POSTGRESQL and count and not more:
        _number_on(table, key, target)
    return count


def _chunks(
    table: Table, source: Connection, wanted: Column[Any] | None = None
) -> Iterator[list[dict[str, Any]]]:
    rows = select(table).order_by(*table.primary_key.columns)
    if wanted is not None:
        rows = rows.where(wanted.is_not(None))
    found = source.execution_options(yield_per=ROWS).execute(rows)
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def _number_on(table: Table, key: Column[Any], target: Connection) -> None:
    """New rows get numbers after those that are there."""
    name = table.name
    sequence = target.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": name, "column": key.name}
    )
    if sequence is not None:
        newest = target.scalar(select(func.max(key)))
        target.execute(text("SELECT setval(:name, :newest)"), {"name": sequence, "newest": newest})
