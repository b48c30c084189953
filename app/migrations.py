"""Migrations: where a database stands and what the code knows, and alembic for those that run them.

Alembic and what it brings along are 6 to 11 MB and a quarter of a second. A worker only asks
whether the database is at the newest migration, which takes a table and the heads of some files.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection
from werkzeug.local import LocalProxy

from app.db import db
from yoto.health import Finding, examine_setup, migrations_check
from yoto.store.migrations import found_in, known_to_code

MIGRATIONS = Path(__file__).parents[1] / "migrations"

VERSIONS = "alembic_version"


def init_migrations(app: Flask) -> None:
    """Let Flask-Migrate configure itself on first use, such as its ``upgrade``."""

    @cache
    def configured() -> Any:
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
        return app.extensions["migrate"]

    app.extensions["migrate"] = LocalProxy(configured)


def examine(connection: Connection) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Where a database is, the newest migrations of the code and all that it knows: those of the
    application, and those of the platform with ``yoto`` before them.
    """
    newest, known = known_to_code(MIGRATIONS)
    of_platform, known_of_platform = known_to_code()
    found = found_in(connection, VERSIONS)
    return (
        found | _marked(found_in(connection)),
        newest | _marked(of_platform),
        known | _marked(known_of_platform),
    )


def upgrade_all() -> None:
    """Bring the tables of the current application to its newest migrations, and the platform's."""
    with db.engine.connect() as connection:
        found, newest, _ = examine(connection)
    if found == newest:
        return
    # A worker would keep alembic for as long as it serves.
    from flask_migrate import upgrade

    upgrade()
    # An operator who knows Flask-Migrate needs no other command: see migrations/env.py.


def _marked(names: frozenset[str]) -> frozenset[str]:
    return frozenset(f"yoto {name}" for name in names)


def examine_migrations() -> Finding:
    """See ``examine_setup``: for the application's migrations, and for the platform's."""
    return examine_setup(examine)


CHECKS = (migrations_check(examine_migrations),)
