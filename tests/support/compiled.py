"""Lets the many applications of a test run share the compiled form of their SQL and templates.

SQLAlchemy keeps it by dialect, and each engine has a dialect of its own: every test compiled every
statement anew. A run meets one server of each kind, so that all dialects of a class are alike where
their applications have people and places in the same tables. Jinja keeps it by application.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
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
    for dialect in (MySQLDialect_pymysql, PGDialect_psycopg, SQLiteDialect_pysqlite):
        alike: Any = dialect
        alike.__hash__ = lambda self: hash(type(self))
        alike.__eq__ = lambda self, other: (
            type(self) is type(other) and _declared(self) == _declared(other)
        )


def share_templates() -> None:
    """Compile each template once a process from now on."""
    Flask.jinja_options = {"bytecode_cache": _Templates()}


class _Templates(BytecodeCache):
    """The code of templates, by their name and file and by what is in it."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def _declared(dialect: Any) -> dict[str, Any]:
    declared = getattr(dialect, DECLARED, None)
    tables = {} if declared is None else declared.tables
    return {name: (one.table, one.numbers is None) for name, one in tables.items()}
