"""An application whose database has tables for the nodes of random worlds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.tables import Base, store_permissions
from yoto.store.db import db


@pytest.fixture
def trees(app: Flask, clock: Clock) -> Iterator[Flask]:
    """With its app context; the clock is there before any world is."""
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        # Rows may have been committed, and no template of a database knows the tables.
        db.session.remove()
        Base.metadata.drop_all(db.engine)


@pytest.fixture
def worlds(trees: Flask) -> Flask:
    """With the permissions, for worlds that are stored as rows."""
    store_permissions()
    return trees
