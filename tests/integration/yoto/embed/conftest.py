"""A database of somebody else's, of each kind: with the platform's tables in it, and without."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.support.database import DATABASES, SqliteTemplate, Template, template_on
from yoto import Yoto, people_by


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shop.db"
    server = request.getfixturevalue("server_of")(request.param)
    return str(server.create_database(f"shop_{secrets.token_hex(4)}"))


@pytest.fixture(scope="session")
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Template]]:
    """Gives the template of a kind, in which ``flask yoto setup`` has run once for all tests."""
    made: dict[str, Template] = {}

    def of_kind(kind: str) -> Template:
        if kind not in made:
            if kind == "sqlite":
                made[kind] = SqliteTemplate()
            else:
                server = request.getfixturevalue("server_of")(kind)
                made[kind] = template_on(server.create_database("shop"))
            url = made[kind].url
            redis = request.getfixturevalue("valkey_server").url
            made[kind].prepare(lambda: set_up(url, redis, tmp_path_factory.mktemp("shop")))
        return made[kind]

    yield of_kind
    for template in made.values():
        template.close()


def set_up(url: str, redis: str, instance: Path) -> None:
    """Run the first command of a guest, whose people are known by UUIDs or by numbers."""
    engine = create_engine(url)
    app = Flask("prepared", instance_path=str(instance))
    app.secret_key = "only what prepares a database uses it"
    app.config["YOTO_REDIS_URL"] = redis
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-prepared-{secrets.token_hex(4)}:"
    Yoto(
        app,
        db=scoped_session(sessionmaker(engine)),
        users=people_by(dict, ids=uuid.UUID),
        control_plane=True,
    )
    try:
        made = app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
    finally:
        Yoto.close(app)
        engine.dispose()


@pytest.fixture(params=DATABASES)
def url(
    request: pytest.FixtureRequest,
    prepared: Callable[[str], Template],
) -> str:
    """The URL of a database in which ``flask yoto setup`` has run, and nothing else has; for
    applications that do not know people by texts."""
    template = prepared(request.param)
    template.reset()
    return template.url


@pytest.fixture(autouse=True)
def level_of_the_tests() -> Iterator[None]:
    """Operators of a guest set the level of the logger that all applications share."""
    logger = logging.getLogger("yoto")
    before = logger.level
    yield
    logger.setLevel(before)
