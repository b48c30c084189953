"""Runs the migrations on the database of the current application."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

import app.resources  # noqa: F401  (fills the metadata)
from app.db import db
from app.migrations import MIGRATIONS, VERSIONS
from yoto.store.columns import UtcDateTime
from yoto.store.db import writing
from yoto.store.migrations import found_in, refuse_unknown, unchecked_foreign_keys, upgrade
from yoto.store.time_limits import TIME_LIMIT


def render_item(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Our column types as what they are in the database, so that a migration stands alone."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return (
            "sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"
            ".with_variant(sa.DateTime(timezone=True), 'postgresql')"
        )
    return False


def run() -> None:
    if context.is_offline_mode():
        raise RuntimeError("migrations need a database; there is no offline mode")
    options = current_app.extensions["migrate"].configure_args
    # To rewrite a large table takes longer than any statement of a request may.
    unlimited = db.engine.execution_options(**{TIME_LIMIT: None})
    with (
        writing(),
        unlimited.connect() as connection,
        unchecked_foreign_keys(connection),
    ):
        try:
            refuse_unknown(found_in(connection, VERSIONS), MIGRATIONS)
        except ValueError as error:
            raise RuntimeError(str(error)) from None
        connection.rollback()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            transaction_per_migration=True,
            # A migration that fails half-way leaves nothing behind; MariaDB cannot do that.
            transactional_ddl=connection.dialect.name in ("sqlite", "postgresql"),
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
        migrations = context.get_context()
        upgrades = getattr(migrations.opts.get("fn"), "__name__", "") == "upgrade"
        at_head = set(migrations.get_current_heads()) == set(context.script.get_heads())
    if upgrades and at_head:
        # The platform's own come after the application's, which brought it its first tables.
        upgrade()


run()
