"""A database of somebody else's, of each kind."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database import DATABASES


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shop.db"
    server = request.getfixturevalue("database_server")
    return str(server.create_database(f"shop_{secrets.token_hex(4)}"))


@pytest.fixture(autouse=True)
def level_of_the_tests() -> Iterator[None]:
    """Operators of a guest set the level of the logger that all applications share."""
    logger = logging.getLogger("yoto")
    before = logger.level
    yield
    logger.setLevel(before)
