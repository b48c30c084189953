"""The application behind PgBouncer, where each transaction may have another connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.integration.guards.conftest import say
from tests.support.applications import another_app
from tests.support.database import migrate
from tests.support.pgbouncer import CONNECTIONS, PgBouncer
from tests.support.postgresql import USER, PostgreSQL
from tests.support.together import together
from tests.support.waiting import HOST
from tests.support.world import World
from yoto.store.migrations import one_at_a_time

CALLERS, MESSAGES = 8, 5
STATE = (
    "SELECT pg_backend_pid(), current_setting('statement_timeout'), current_setting('jit'),"
    " current_setting('lock_timeout'), (SELECT COUNT(*) FROM pg_prepared_statements)"
)


@pytest.fixture
def pgbouncer(postgresql: PostgreSQL) -> Iterator[PgBouncer]:
    with PgBouncer(postgresql) as bouncer:
        yield bouncer.start()


@pytest.fixture
def app(
    postgresql: PostgreSQL, pgbouncer: PgBouncer, app_config: dict[str, Any], tmp_path: Path
) -> Iterator[Flask]:
    """An application whose tables were made through PgBouncer, too."""
    url = sa.make_url(postgresql.create_database("bounced")).set(port=pgbouncer.port)
    address = url.render_as_string(hide_password=False)
    migrate(address, tmp_path / "migrate")
    with another_app(app_config | {"DATABASE_URL": address}, tmp_path / "app") as made:
        yield made


def test_many_share_few_connections_and_leave_nothing_in_them(
    app: Flask, pgbouncer: PgBouncer
) -> None:
    world = World(app)
    community = world.server()
    people = [world.member(community) for _ in range(CALLERS)]

    def talk(number: int) -> list[int]:
        client = app.test_client()
        return [
            say(client, people[number], community.channel_id, f"{number}.{n}").status_code
            for n in range(MESSAGES)
        ]

    said = together([lambda n=n: talk(n) for n in range(CALLERS)])
    assert said == [[201] * MESSAGES] * CALLERS
    with one_at_a_time(app):
        pass
    with ExitStack() as stack:
        found = {}
        for _ in range(CONNECTIONS):
            # A transaction keeps its connection, so that the next one gets another.
            connection = stack.enter_context(
                psycopg.connect(host=HOST, port=pgbouncer.port, user=USER, dbname="bounced")
            )
            row = connection.execute(STATE, prepare=False).fetchone()
            assert row is not None
            found[row[0]] = row[1:]
        assert list(found.values()) == [("0", "on", "0", 0)] * CONNECTIONS
