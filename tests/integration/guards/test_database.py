"""The database as a circuit breaker: callers hear of its loss at once, and not for long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import resilience
from app.models import Message
from tests.integration.guards.conftest import lose, say
from tests.support.database import SERVER, Template
from tests.support.links import Link, link_to
from tests.support.mariadb import MariaDB
from tests.support.postgresql import PostgreSQL
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from tests.support.world import Community, Person
from yoto.errors import StoreUnavailable
from yoto.persistence import DATABASE, DATABASE_BREAKER
from yoto.resilience import ResilienceController, State
from yoto.store.columns import utcnow
from yoto.store.db import EXTENSION, db, side_engine
from yoto.store.models import IDEMPOTENCY_LEASE, IdempotencyKey

ON_POSTGRESQL = SERVER == "postgresql"
CONNECT_SECONDS = 2 if ON_POSTGRESQL else 1  # as short as the driver takes
FAILURES_TO_OPEN = 3
if ON_POSTGRESQL:
    SLEEP = "SELECT pg_sleep(5)"
    END_OWN_CONNECTION = "SELECT pg_terminate_backend(pg_backend_pid())"
    DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'Deadlock' USING ERRCODE = '40P01'; END $$"
else:
    SLEEP = "SELECT SLEEP(5)"
    END_OWN_CONNECTION = "KILL CONNECTION_ID()"
    DEADLOCK = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock'"


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
    limits = {"connect_timeout": CONNECT_SECONDS}
    if not ON_POSTGRESQL:
        limits["read_timeout"] = CONNECT_SECONDS
    return app_config | {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "REDIS_URL": own_redis.url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": limits},
    }


@pytest.fixture
def controller(app: Flask) -> ResilienceController:
    return resilience.of(app)


def unavailable(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text
    problem = answer.get_json()
    assert problem["type"] == "urn:yoto:problem:store-unavailable"
    assert problem["store"] == "database"
    assert int(answer.headers["Retry-After"]) >= 1


def only_probes_wait(ask: Callable[[], TestResponse]) -> None:
    """A probe waits for all; the next one comes when the breaker has been open for its time."""
    failed = -math.inf
    for _ in range(5):
        began = time.perf_counter()
        unavailable(ask())
        ended = time.perf_counter()
        if ended - began >= CONNECT_SECONDS:
            assert began - failed >= DATABASE_BREAKER.recovery_timeout
            failed = ended


def test_nobody_waits_for_a_dead_host_once_it_is_known_and_all_go_on_when_it_is_back(
    client: FlaskClient,
    link: Link,
    community: Community,
    talker: Person,
    controller: ResilienceController,
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    link.half_open()
    for _ in range(FAILURES_TO_OPEN):
        unavailable(say(client, talker, community.channel_id))
    # One instance alone does not shut the database off for a fleet.
    assert controller.circuit_breaker(DATABASE).state().opened_alone
    only_probes_wait(lambda: say(client, talker, community.channel_id))
    link.heal()
    wait_until(lambda: say(client, talker, community.channel_id).status_code == 201, limit=15)
    for _ in range(5):
        assert say(client, talker, community.channel_id).status_code == 201


def test_a_server_that_refuses_is_told_with_a_time_to_come_back(
    client: FlaskClient, link: Link, community: Community, talker: Person
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    link.refuse()
    for _ in range(FAILURES_TO_OPEN + 2):
        answer = say(client, talker, community.channel_id)
        unavailable(answer)
    link.heal()
    time.sleep(int(answer.headers["Retry-After"]))
    wait_until(lambda: say(client, talker, community.channel_id).status_code == 201)


def test_the_breaker_works_without_redis_too(
    app: Flask,
    client: FlaskClient,
    link: Link,
    own_redis: Server,
    community: Community,
    talker: Person,
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    lose(app, own_redis)
    assert say(client, talker, community.channel_id).status_code == 201
    link.half_open()
    for _ in range(FAILURES_TO_OPEN):
        unavailable(say(client, talker, community.channel_id))
    only_probes_wait(lambda: say(client, talker, community.channel_id))
    link.heal()
    wait_until(lambda: say(client, talker, community.channel_id).status_code == 201, limit=15)


def test_what_the_database_answers_is_no_failure_of_it(
    app: Flask, controller: ResilienceController
) -> None:
    with app.app_context():
        for statement in (
            "INSERT INTO users (id) VALUES (1)",
            "SELECT nonsense",
            DEADLOCK,
        ):
            for _ in range(FAILURES_TO_OPEN + 1):
                with pytest.raises(sa.exc.DBAPIError), db.engine.connect() as connection:
                    connection.exec_driver_sql(statement)
    state = controller.circuit_breaker(DATABASE).state()
    assert (state.state, state.failures) == (State.CLOSED, 0)


def test_a_connection_that_breaks_in_a_statement_is_a_failure(
    app: Flask, controller: ResilienceController
) -> None:
    with app.app_context(), pytest.raises(sa.exc.OperationalError):
        with db.engine.connect() as connection:
            connection.exec_driver_sql(END_OWN_CONNECTION)
            connection.exec_driver_sql("SELECT 1")
    assert controller.circuit_breaker(DATABASE).state().failures == 1


def test_a_statement_that_takes_too_long_is_ended_by_the_server_and_no_failure_of_it(
    app: Flask, controller: ResilienceController
) -> None:
    slow = sa.text(SLEEP).execution_options(time_limit=0.2)
    with app.app_context(), db.engine.connect() as connection:
        with pytest.raises(sa.exc.OperationalError, match="max_statement_time|statement timeout"):
            connection.execute(slow)
        connection.rollback()
        assert connection.scalar(sa.text("SELECT 1")) == 1
    assert controller.circuit_breaker(DATABASE).state().failures == 0


def test_stale_connections_after_a_restart_are_none(
    app: Flask, client: FlaskClient, link: Link, community: Community, talker: Person
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    link.refuse()
    link.heal()
    assert say(client, talker, community.channel_id).status_code == 201
    assert resilience.of(app).circuit_breaker(DATABASE).state().failures == 0


def test_every_engine_of_the_application_goes_through_it(
    app: Flask, controller: ResilienceController
) -> None:
    controller.circuit_breaker(DATABASE).force_open("a test")
    engine = side_engine(app, 1, 1.0)
    with pytest.raises(StoreUnavailable) as caught:
        engine.connect()
    assert caught.value.store == "database" and caught.value.retry_after > 1
    with app.app_context():
        db.engine.dispose()
        with pytest.raises(StoreUnavailable):
            db.engine.connect()
        # The settings of the breaker can be read and written all the same.
        receipt = controller.set_circuit_breaker_config(
            DATABASE, recovery_timeout=2.0, reason="a test", author="cli:ada"
        )
    assert receipt.live


def test_a_connection_that_dies_after_the_last_statement_spoils_neither_answer_nor_pool(
    app: Flask, client: FlaskClient, link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    def cut() -> tuple[dict[str, bool], int]:
        db.session.execute(sa.text("SELECT 1"))
        link.refuse()
        return {"made": True}, 201

    app.add_url_rule("/cut", view_func=cut)
    link.heal()
    answer = client.get("/cut", headers={"X-Request-ID": "of-the-cut"})
    assert (answer.status_code, answer.get_json()) == (201, {"made": True})
    failed = [one for one in caplog.records if "after the request was answered" in one.message]
    assert [vars(one)["request_id"] for one in failed] == ["of-the-cut"]
    with app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        # Kept, it would be the session of whichever context gets the same identity.
        assert not db.session.registry.has()
    assert not app.extensions[EXTENSION].session.registry.registry


@pytest.mark.parametrize("stands", [True, False])
def test_an_act_cut_inside_its_commit_is_unknown_and_its_key_settles_it(
    app: Flask,
    client: FlaskClient,
    link: Link,
    community: Community,
    talker: Person,
    stands: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    with app.app_context():
        engine = db.engine
    commits = count()

    def cut(connection: sa.Connection) -> None:
        # The first claims the key, the second is the act's.
        if next(commits) == 1:
            driver: Any = connection.connection.dbapi_connection
            if stands and ON_POSTGRESQL:
                driver.execute("COMMIT; BEGIN")  # or nothing would be left to send
            elif stands:
                driver.commit()
            link.refuse()

    def ask() -> TestResponse:
        return client.post(
            f"/api/v1/channels/{community.channel_id}/messages",
            json={"content": "once"},
            headers=talker.headers | {"Idempotency-Key": "the-key"},
        )

    sa.event.listen(engine, "commit", cut)
    try:
        answer = ask()
    finally:
        sa.event.remove(engine, "commit", cut)
        link.heal()
    problem = answer.get_json()
    assert answer.status_code == 503, answer.text
    assert problem["type"] == "urn:yoto:problem:outcome-unknown"
    assert (problem["outcome"], problem["idempotency_key"]) == ("unknown", "the-key")
    assert any("outcome unknown" in one.message for one in caplog.records)
    with app.app_context():
        claimed = sa.update(IdempotencyKey).values(created_at=utcnow() - 2 * IDEMPOTENCY_LEASE)
        db.session.execute(claimed)
        db.session.commit()
    again = ask()
    assert again.status_code == (409 if stands else 201), again.text
    with app.app_context():
        said = sa.select(sa.func.count()).where(Message.content == "once")
        assert db.session.scalar(said) == 1
