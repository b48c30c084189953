"""Lets the many applications of a test run share the compiled form of their SQL.

SQLAlchemy keeps it by dialect, and each engine has a dialect of its own: every test compiled every
statement anew. A run meets one server of each kind, so that all dialects of a class are alike where
their applications have people and places in the same tables.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from yoto.store.declarations import DECLARED

STATEMENTS = 2000  # some four times as many as the application has


def share_statements() -> None:
    """Compile each statement once a process from now on."""
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    # Each engine makes a cache of its own, and is not heard.
    Engine._compiled_cache = property(  # type: ignore[assignment]
        lambda engine: compiled, lambda engine, own: None
    )
    for dialect in (MySQLDialect_pymysql, SQLiteDialect_pysqlite):
        alike: Any = dialect
        alike.__hash__ = lambda self: hash(type(self))
        alike.__eq__ = lambda self, other: (
            type(self) is type(other) and _declared(self) == _declared(other)
        )


def _declared(dialect: Any) -> dict[str, Any]:
    declared = getattr(dialect, DECLARED, None)
    tables = {} if declared is None else declared.tables
    return {name: (one.table, one.numbers is None) for name, one in tables.items()}
