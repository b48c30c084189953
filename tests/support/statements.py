"""Counting the SQL statements that something takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event, text

from yoto.store.db import db

# Tables that threads of the application look at by themselves.
REGULAR = (
    "platform_switches",
    "policy_revisions",
    "policy_versions",
    "resilience_config_changes",
)


@contextmanager
def count_statements(app: Flask) -> Iterator[list[str]]:
    """Collects the text of every statement that the database of ``app`` gets inside.

    The BEGIN that SQLite is sent is left out; MariaDB's driver begins without a statement. So are
    looks at maintenance, policies and the configuration of guards: they come at intervals, whatever
    is asked.
    """
    statements: list[str] = []

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if _counts(statement):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", collect)


def _counts(statement: str) -> bool:
    return not statement.startswith("BEGIN") and not any(name in statement for name in REGULAR)


@contextmanager
def count_own_statements(every: bool = False) -> Iterator[list[str]]:
    """The same for what the calling thread sends, by any engine: loaders have their own.

    Args:
        every: whether nothing is left out.
    """
    statements: list[str] = []
    caller = threading.get_ident()

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == caller and (every or _counts(statement)):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


def work_of(connection: Connection, ask: Callable[[], object]) -> int:
    """How much the database does for what ``ask`` sends it on ``connection``: steps of SQLite's
    machine, or rows that a server reads. It grows with what is looked at, and the load of the
    machine is no part of it.
    """
    if connection.dialect.name == "postgresql":
        # Without statistics it takes any index for as good as another one, and by them it reads a
        # table of some hundred rows as a whole: this asks for the least that its indexes allow.
        connection.exec_driver_sql("ANALYZE")
        for plan in ("seqscan", "hashjoin", "mergejoin", "bitmapscan", "material"):
            connection.exec_driver_sql(f"SET LOCAL enable_{plan} = off")
    if connection.dialect.name != "sqlite":
        before = _rows_read(connection)
        ask()
        return _rows_read(connection) - before
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(step, 1)
    try:
        ask()
    finally:
        raw.set_progress_handler(None, 0)
    return steps


# Rows that this transaction has read, by indexes and without.
_READ = text(
    "SELECT SUM(COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0))"
    " FROM pg_stat_xact_user_tables"
)


def _rows_read(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(_READ) or 0)
    status = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'"))
    return sum(int(value) for _, value in status)
