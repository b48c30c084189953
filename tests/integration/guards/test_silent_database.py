"""A database that freezes, or is cut off, with every connection open: nobody is told of an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import resilience
from tests.integration.guards.conftest import say
from tests.integration.guards.test_database import only_probes_wait, unavailable
from tests.support.database import Template
from tests.support.links import Link, link_to
from tests.support.mariadb import MariaDB
from tests.support.postgresql import PostgreSQL
from tests.support.redis_servers import Server
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import Community, Person
from yoto.persistence import DATABASE
from yoto.resilience import ResilienceController
from yoto.store.db import db

# A request is answered within five seconds; a machine that is too busy may add as many.
PATIENCE = 10.0


@pytest.fixture(scope="module")
def database(server_database: Template) -> Template:
    return server_database


@pytest.fixture
def link(own_server: MariaDB | PostgreSQL) -> Iterator[Link]:
    with link_to(own_server.port) as link:
        yield link


@pytest.fixture
def app_config(app_config: dict[str, Any], link: Link, own_redis: Server) -> dict[str, Any]:
    url = sa.make_url(app_config["DATABASE_URL"]).set(host=link.host, port=link.port)
    return app_config | {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "REDIS_URL": own_redis.url,
    }


@pytest.fixture
def controller(app: Flask) -> ResilienceController:
    return resilience.of(app)


def test_who_asks_is_told_in_time_then_at_once_and_all_goes_on_when_it_is_back(
    app: Flask,
    client: FlaskClient,
    link: Link,
    community: Community,
    talker: Person,
    controller: ResilienceController,
) -> None:
    def told() -> float:
        began = time.perf_counter()
        unavailable(say(app.test_client(), talker, community.channel_id))
        return time.perf_counter() - began

    assert say(client, talker, community.channel_id).status_code == 201
    link.half_open()
    waits = together([told] * 4)
    assert max(waits) < PATIENCE, waits
    assert controller.circuit_breaker(DATABASE).state().opened_alone
    only_probes_wait(lambda: say(client, talker, community.channel_id))
    link.heal()
    wait_until(lambda: say(client, talker, community.channel_id).status_code == 201, limit=15)


def test_silence_in_the_middle_of_a_statement_is_a_failure_of_the_database(
    app: Flask, link: Link, controller: ResilienceController
) -> None:
    asked = sa.text("SELECT 1").execution_options(time_limit=0.2)
    with app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(asked) == 1
        link.half_open()
        with pytest.raises(sa.exc.OperationalError, match="Lost connection|the server was silent"):
            connection.scalar(asked)
    assert controller.circuit_breaker(DATABASE).state().failures == 1
