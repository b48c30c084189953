"""An operator who works beside the application, and people at addresses."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth.passwords import passwords
from app.extensions import resilience
from tests.support.applications import another_app
from tests.support.database import Template, migrate, template_on
from tests.support.mariadb import MariaDB
from tests.support.postgresql import PostgreSQL
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World

PASSWORD = "correct horse battery"
WHY = ("--reason", "a test", "--actor", "cli:ada")
# One item of a list of strings with parameters that are integers (RFC 9651).
ITEM = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"((?:;[a-z*][a-z0-9_.*-]*=-?\d{1,15})+)')

Operate = Callable[..., Any]


@pytest.fixture(scope="session")
def server_database(
    own_server: MariaDB | PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """A database of a server, also where the other tests run on SQLite."""
    template = template_on(own_server.create_database("yoto_door"))
    template.prepare(lambda: migrate(template.url, tmp_path_factory.mktemp("door")))
    yield template
    template.close()


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A server that a test may kill."""
    with start_valkey() as server:
        yield server


def lose(app: Flask, own_redis: Server) -> None:
    """Kill the server of a worker that was counted: one that never was has one unit of a limit."""
    shares = resilience.of(app).runtime.shares
    assert shares is not None
    wait_until(lambda: shares.count)
    own_redis.kill()


@pytest.fixture
def operate(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Operate]:
    """Run ``flask resilience ...`` in an application of its own; its output is read as JSON."""
    with another_app(app_config, tmp_path / "operator") as other:
        runner = other.test_cli_runner()

        def run(*arguments: str) -> Any:
            result = runner.invoke(args=["resilience", *arguments, *WHY, "--json"])
            assert result.exit_code == 0, result.output
            return json.loads(result.stdout)

        yield run


@pytest.fixture
def limit(app: Flask, operate: Operate) -> Callable[..., None]:
    """Sets the dimensions of a limiter, and waits until the application knows."""

    def run(name: str, **dimensions: dict[str, float]) -> None:
        wanted = {key.replace("_", "+"): value for key, value in dimensions.items()}
        operate("set", "rate_limit", name, f"dimensions={json.dumps(wanted)}")
        controller = resilience.of(app)

        def is_in_force() -> bool:
            found = controller.get_rate_limit_config(name).dimensions
            return {one.name: one.limit for one in found} == {
                key: value["limit"] for key, value in wanted.items()
            }

        wait_until(is_in_force)

    return run


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def talker(world: World, community: Community) -> Person:
    """A plain member."""
    return world.member(community)


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    """Somebody who signs in with PASSWORD."""
    with app.app_context():
        return world.user("ada", password_hash=passwords().hash(PASSWORD))


def sign_in(
    client: FlaskClient,
    username: str,
    password: str = "wrong",
    address: str = "192.0.2.1",
    headers: dict[str, str] | None = None,
) -> TestResponse:
    return client.post(
        "/api/v1/auth/login",
        json={"username": username, "password": password},
        environ_base={"REMOTE_ADDR": address},
        headers=headers,
    )


def say(client: FlaskClient, person: Person, channel_id: int, text: str = "Ahoy") -> TestResponse:
    return client.post(
        f"/api/v1/channels/{channel_id}/messages", json={"content": text}, headers=person.headers
    )


def until_refused(act: Callable[[], TestResponse], burst: int, rate: float) -> TestResponse:
    """The first 429 of an act that passes ``burst`` times, and ``rate`` times a second more."""
    started = time.monotonic()
    passed = 0
    while (answer := act()).status_code != 429:
        assert answer.status_code < 300, answer.text
        passed += 1
        assert passed <= burst + math.ceil((time.monotonic() - started) * rate)
    assert passed >= burst
    return answer


def dimensions(answer: TestResponse, header: str) -> dict[str, dict[str, int]]:
    """A RateLimit header by the name of each item; fails unless all of it is a structured field."""
    text = answer.headers[header]
    found = {}
    for item in text.split(", "):
        match = ITEM.fullmatch(item)
        assert match, f"{item!r} of {text!r} is no structured field"
        parameters = (parameter.split("=") for parameter in match[2].lstrip(";").split(";"))
        found[match[1]] = {name: int(value) for name, value in parameters}
    return found


def refused_by(answer: TestResponse) -> str:
    """The dimension that a 429 names."""
    assert answer.status_code == 429, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["type"] == "urn:yoto:problem:rate-limited"
    assert int(answer.headers["Retry-After"]) >= problem["retry_after"] > 0
    return str(problem["dimension"])
