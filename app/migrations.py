"""Migrations: where a database stands and what the code knows, and alembic for those that run them.

Alembic and what it brings along are 6 to 11 MB and a quarter of a second. A worker only asks
whether the database is at the newest migration, which takes a table and the heads of some files.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, column, inspect, select, table
from werkzeug.local import LocalProxy

from yoto.store.db import db

MIGRATIONS = Path(__file__).parents[1] / "migrations"

_VERSIONS = table("alembic_version", column("version_num"))
# As ``migrations/script.py.mako`` writes them: one text, several in brackets, or None.
_VARIABLE = r"^{name}\s*(?::[^=\n]+)?=\s*(\([^)]*\)|[^#\n]+)"
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def init_migrations(app: Flask) -> None:
    """Let Flask-Migrate configure itself when somebody asks for it, such as its ``upgrade``."""

    @cache
    def configured() -> Any:
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
        return app.extensions["migrate"]

    app.extensions["migrate"] = LocalProxy(configured)


def found_in(connection: Connection) -> frozenset[str]:
    """The migrations at which a database is: none, one, or one for each branch."""
    if not inspect(connection).has_table(_VERSIONS.name):
        return frozenset()
    return frozenset(connection.scalars(select(_VERSIONS.c.version_num)))


@cache
def known_to_code(directory: Path = MIGRATIONS) -> tuple[frozenset[str], frozenset[str]]:
    """The newest migrations of the code, and all.

    Raises:
        ValueError: a file of a migration does not say which it is.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for file in (directory / "versions").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        names = _named(source, "revision")
        if len(names) != 1:
            raise ValueError(f"{file} names {len(names)} revisions")
        known.update(names)
        followed.update(_named(source, "down_revision"))
    return frozenset(known - followed), frozenset(known)


def _named(source: str, variable: str) -> list[str]:
    found = re.search(_VARIABLE.format(name=variable), source, re.MULTILINE)
    return [] if found is None else _QUOTED.findall(found[1])
