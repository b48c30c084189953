"""Databases without tables, and their comparison with the models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from app.extensions import db
from tests.support.applications import another_app
from tests.support.database import DATABASES
from yoto.store.columns import Model
from yoto.store.migrations import VERSIONS as VERSIONS_OF_PLATFORM


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database has no tables."""
    if request.param != "sqlite":
        server = request.getfixturevalue("server_of")(request.param)
        url = server.create_database(f"empty_{abs(hash(tmp_path)):x}")
    else:
        url = f"sqlite:///{tmp_path}/empty.db"
    # Closed in the end: connections to a server are guarded, and so begin background work.
    config = {"ENVIRONMENT": "testing", "DATABASE_URL": url}
    with another_app(config, tmp_path) as app, app.app_context():
        yield app
        db.session.remove()


def compared(connection: sa.Connection) -> list[object]:
    """The differences of the database from the models, version tables apart."""
    options = {
        "compare_type": _differs,
        "include_object": lambda thing, name, *_: name != VERSIONS_OF_PLATFORM,
    }
    context = MigrationContext.configure(connection, opts=options)
    return compare_metadata(context, [db.metadata, Model.metadata])


def _differs(context: Any, _: Any, __: Any, found: Any, meant: Any) -> bool | None:
    """Alembic's own comparison, but for lengths on SQLite, which holds no text to them."""
    texts = isinstance(found, sa.String) and isinstance(meant, sa.String)
    return False if texts and context.dialect.name == "sqlite" else None
