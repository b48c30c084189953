"""Statements, connections and locks of the three databases under a caller's deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from yoto import DeadlineExceeded, deadline, deadlines
from yoto.store.db import engine_at, writing
from yoto.store.translation import translated

FOR_EVER = 60.0
COUNT_FOR_EVER = (
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number)"
    " SELECT count(*) FROM number"
)
# By the name of the dialect.
SLOW = {
    "sqlite": COUNT_FOR_EVER,
    "mysql": "SELECT SLEEP(10)",
    "postgresql": "SELECT pg_sleep(10)",
}


@pytest.fixture(scope="module", params=SLOW)
def url(
    request: pytest.FixtureRequest,
    server_of: Callable[[str], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('deadlines')}/deadlines.db"
    kind = {"mysql": "mariadb"}.get(request.param, request.param)
    created: str = server_of(kind).create_database("deadlines")
    return created


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """An engine as the platform has them, of one connection."""
    engine = engine_at(sa.make_url(url))
    with writing(), engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS things"))
        connection.execute(sa.text("CREATE TABLE things (id INTEGER PRIMARY KEY)"))
    yield engine
    engine.dispose()


def count(engine: sa.Engine) -> int:
    with writing(False), engine.connect() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM things")) or 0)


def test_a_statement_ends_at_the_deadline_and_the_next_one_runs(engine: sa.Engine) -> None:
    began = time.monotonic()
    with deadline(0.3), pytest.raises(DeadlineExceeded):
        with translated(), writing(False), engine.connect() as connection:
            connection.execute(sa.text(SLOW[engine.url.get_backend_name()])).all()
    assert time.monotonic() - began < 4
    assert count(engine) == 0


def test_nothing_is_begun_after_the_deadline(engine: sa.Engine) -> None:
    with deadline(0.001):
        time.sleep(0.002)
        with pytest.raises(DeadlineExceeded), writing(), engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO things VALUES (1)"))
    assert count(engine) == 0


def test_what_was_written_in_time_is_committed_after_the_deadline(engine: sa.Engine) -> None:
    with deadline(0.3), writing(), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO things VALUES (1)"))
        time.sleep(0.31)
        assert deadlines.has_passed()
        with pytest.raises(DeadlineExceeded):
            connection.execute(sa.text("INSERT INTO things VALUES (2)"))
        with deadlines.ending():
            connection.execute(sa.text("INSERT INTO things VALUES (3)"))
    assert count(engine) == 2


def test_what_was_written_in_time_is_rolled_back_after_the_deadline(engine: sa.Engine) -> None:
    with deadline(0.3), pytest.raises(ZeroDivisionError), writing(), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO things VALUES (1)"))
        time.sleep(0.31)
        _ = 1 / 0
    assert count(engine) == 0


def test_a_wait_for_a_connection_ends_at_the_deadline(engine: sa.Engine) -> None:
    pool: Any = engine.pool
    held = [engine.connect() for _ in range(pool.most)]
    try:
        began = time.monotonic()
        with deadline(0.2), pytest.raises(DeadlineExceeded), translated():
            engine.connect()
        assert time.monotonic() - began < 1.5
    finally:
        for connection in held:
            connection.close()


def test_a_wait_for_sqlites_one_writer_ends_at_the_deadline(tmp_path: Path) -> None:
    engine = engine_at(sa.make_url(f"sqlite:///{tmp_path}/writer.db"))
    with writing(), engine.begin():
        began = time.monotonic()
        with deadline(0.2), pytest.raises(DeadlineExceeded), engine.begin():
            raise AssertionError("two writers at once")
        assert time.monotonic() - began < FOR_EVER / 10
    engine.dispose()
