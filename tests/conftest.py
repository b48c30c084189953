"""Fixtures of the whole suite.

Two variables choose what it runs on: ``YOTO_TEST_DATABASE`` (``sqlite``, ``mariadb``, ``mysql``,
``postgresql``) and ``YOTO_TEST_ASYNC_MODE`` (``threading``, ``eventlet``).
"""

from __future__ import annotations

import os
import secrets

import regopy  # noqa: F401  # before greenlet, see yoto/rooms/policies/engine/embedded/library.py

ASYNC_MODE = os.environ.get("YOTO_TEST_ASYNC_MODE", "threading")
if ASYNC_MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import pytest  # noqa: E402
from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests.support.applications import let_go  # noqa: E402
from tests.support.compiled import share_statements, share_templates  # noqa: E402
from tests.support.database import (  # noqa: E402
    DATABASE,
    SERVER,
    Template,
    migrate,
    migrated,
    template_on,
)
from tests.support.mariadb import MariaDB, ServiceDatabase, start_mariadb  # noqa: E402
from tests.support.mysql import start_mysql  # noqa: E402
from tests.support.postgresql import PostgreSQL, start_postgresql  # noqa: E402
from tests.support.require import TEST_ALL, missing  # noqa: E402
from tests.support.routes import share_rules  # noqa: E402

share_rules()
share_statements()
share_templates()
# On a busy machine any example may be slow, which says nothing of what is tested.
settings.register_profile(
    "busy",
    deadline=None,
    max_examples=100 if TEST_ALL else 25,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")

pytest_plugins = [
    "tests.support.first_cases",
    "tests.support.garbage",
    "tests.support.leftovers",
    "tests.support.nursery",
    "tests.support.redis_fixtures",
    "tests.support.spans",
    "tests.support.waiting_first",
]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A private MariaDB server."""
    with start_mariadb() or missing("MariaDB is not installed") as server:
        yield server


@pytest.fixture(scope="session")
def mysql() -> Iterator[MariaDB]:
    """A private MySQL server."""
    unpack = "MySQL is not unpacked: YOTO_TEST_DATABASE=mysql make servers"
    with start_mysql() or missing(unpack) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A private PostgreSQL server."""
    with start_postgresql() or missing("PostgreSQL is not installed") as server:
        yield server


@pytest.fixture(scope="session")
def server_of(
    request: pytest.FixtureRequest,
) -> Callable[[str], MariaDB | ServiceDatabase | PostgreSQL]:
    """Gives a server by its kind: that which ``YOTO_TEST_DATABASE_SERVER`` names, if it is of the
    kind tested, else our own.
    """

    def found(kind: str) -> MariaDB | ServiceDatabase | PostgreSQL:
        if (kind, DATABASE) == ("mariadb", "mysql"):
            kind = DATABASE  # what it is to the tests
        service = os.environ.get("YOTO_TEST_DATABASE_SERVER")
        if service and kind == DATABASE:
            return ServiceDatabase(service)
        own: MariaDB | PostgreSQL = request.getfixturevalue(kind)
        return own

    return found


@pytest.fixture(scope="session")
def own_server(request: pytest.FixtureRequest) -> MariaDB | PostgreSQL:
    """A server of the kind tested which is ours alone; MariaDB where that is SQLite."""
    own: MariaDB | PostgreSQL = request.getfixturevalue(SERVER)
    return own


@pytest.fixture(scope="session")
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """The session's database: migrated, with the built-in permissions."""
    if DATABASE == "sqlite":
        yield migrated()
        return
    server = request.getfixturevalue("server_of")(DATABASE)
    template = template_on(server.create_database("yoto_test"))
    template.prepare(lambda: migrate(template.url, tmp_path_factory.mktemp("migrate")))
    yield template
    template.close()


@pytest.fixture
def app_config(database: Any, valkey_server: Any) -> dict[str, Any]:
    """The configuration of the ``app`` fixture; a test module may override this fixture."""
    return {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": database.url,
        "REDIS_URL": valkey_server.url,
        # One server for all tests, and nothing in it that two of them share.
        "REDIS_KEY_PREFIX": f"test-{secrets.token_hex(6)}:",
        # On a machine that is too busy it is slow, not lost.
        "REDIS_SOCKET_TIMEOUT": 1.0,
        "REDIS_CONNECT_TIMEOUT": 1.0,
        "ASYNC_MODE": ASYNC_MODE,
    }


@pytest.fixture
def app(database: Any, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """A fresh application on a clean database.

    No context is pushed: requests of the test client would share its ``g``, and so its identity.
    """
    from app import close_app, create_app
    from app.extensions import permissions

    database.reset()
    application = create_app(app_config, instance_path=str(tmp_path / "instance"))
    # A test may give the application another permission system, without a cache.
    background = permissions.caching_of(application)
    assert background is not None
    yield application
    background.close()
    close_app(application)
    let_go(application)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client of ``app``."""
    return app.test_client()
