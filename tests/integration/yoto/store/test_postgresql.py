"""Statements on PostgreSQL: their limits, a server that became a replica, waiting beside others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.yoto.store.waiting_process import SLEEPS
from tests.support.links import link_to
from tests.support.postgresql import PostgreSQL, start_replica
from tests.support.together import together
from tests.support.waiting import wait_until
from yoto.store.db import engine_options, writing
from yoto.store.failures import is_conflict, is_outage
from yoto.store.portable import exact
from yoto.store.postgresql import limit_transactions
from yoto.store.time_limits import IDLE_TRANSACTION_SECONDS, LOCK_SECONDS, READ_SECONDS

ROOT = Path(__file__).parents[4]
LIMITS = (
    "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
    " current_setting('idle_in_transaction_session_timeout'),"
    " current_setting('transaction_isolation')"
)


def engine_at(url: str | sa.URL) -> sa.Engine:
    """An engine as the platform has them."""
    url = sa.make_url(url)
    engine = sa.create_engine(url, **engine_options(url, 2))
    if url.get_driver_name() == "psycopg":
        limit_transactions(engine)
    return engine


@pytest.fixture(scope="module")
def url(postgresql: PostgreSQL) -> str:
    return postgresql.create_database("limits")


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = engine_at(url)
    yield engine
    engine.dispose()


def exchanges(engine: sa.Engine, folder: Path) -> int:
    """How often a transaction of one statement waits for the server."""
    with engine.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
        connection.rollback()
        driver = connection.connection.dbapi_connection
        assert driver is not None
        with open(folder / "trace", "w+b") as trace:
            driver.pgconn.trace(trace.fileno())
            connection.scalar(sa.text("SELECT 1"))
            connection.commit()
            driver.pgconn.untrace()
            trace.seek(0)
            return trace.read().count(b"ReadyForQuery")


def test_limits_cost_no_exchange_more_than_the_driver_has_by_itself(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    plain = sa.create_engine(url)
    assert exchanges(engine, tmp_path) == exchanges(plain, tmp_path) == 3
    plain.dispose()


def test_limits_hold_for_a_transaction_and_no_longer(engine: sa.Engine) -> None:
    with writing(False), engine.connect() as connection:
        found = connection.exec_driver_sql(LIMITS).one()
        assert tuple(found) == (
            f"{READ_SECONDS * 1000:g}ms",
            f"{LOCK_SECONDS}s",
            f"{IDLE_TRANSACTION_SECONDS // 60}min",
            "repeatable read",
        )
        connection.rollback()
        driver = connection.connection.dbapi_connection
        assert driver is not None
        assert driver.execute(LIMITS).fetchone() == ("0", "0", "0", "read committed")


def test_a_statement_that_takes_too_long_is_ended_by_the_server(engine: sa.Engine) -> None:
    slow = sa.text("SELECT pg_sleep(5)").execution_options(time_limit=0.2)
    with engine.connect() as connection:
        began = time.monotonic()
        with pytest.raises(sa.exc.OperationalError, match="statement timeout") as caught:
            connection.execute(slow)
        assert time.monotonic() - began < 4
        assert is_outage(caught.value) and not connection.invalidated
        connection.rollback()
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_a_text_that_it_cannot_hold_is_looked_for_and_recorded_and_is_no_error(
    engine: sa.Engine,
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE texts (name VARCHAR(9), told JSON)")
        told = sa.table("texts", sa.column("name", sa.String), sa.column("told", sa.JSON))
        assert connection.scalar(sa.select(told.c.name).where(told.c.name == "a\0")) is None
        connection.execute(sa.insert(told), [{"name": "a\0", "told": {"z": "\0", "a": 1e2}}] * 2)
        name, document = connection.execute(sa.select(told)).first() or ("", {})
    assert name == "a\ufffd"
    assert list(document.items()) == [("z", "\0"), ("a", 1e2)]


def test_texts_of_an_application_meet_ours_whatever_their_collation(engine: sa.Engine) -> None:
    made = sa.MetaData()
    theirs = sa.Table("theirs", made, sa.Column("id", sa.String(9, collation="de-x-icu")))
    ours = sa.Table("ours", made, sa.Column("node", sa.String(9, collation="C")))
    meets = ours.c.node == sa.literal("d:=", sa.String()) + exact(theirs.c.id)
    with engine.begin() as connection:
        made.create_all(connection)
        connection.execute(sa.insert(theirs), [{"id": "a"}, {"id": "A"}])
        connection.execute(sa.insert(ours), {"node": "d:=a"})
        assert connection.scalars(sa.select(theirs.c.id).join(ours, meets)).all() == ["a"]


def test_two_who_lock_in_different_orders_meet_and_one_is_told_of_a_conflict(
    engine: sa.Engine,
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE crossing (id INT PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO crossing VALUES (1), (2)")
    lock = sa.text("SELECT id FROM crossing WHERE id = :id FOR UPDATE")

    def cross(first: int, second: int) -> bool:
        with engine.connect() as connection:
            connection.execute(lock, {"id": first})
            time.sleep(0.3)
            try:
                connection.execute(lock, {"id": second})
            except sa.exc.OperationalError as error:
                assert is_conflict(error) and not is_outage(error)
                return True
            return False

    assert sorted(together([lambda: cross(1, 2), lambda: cross(2, 1)])) == [False, True]


def knows(replica: PostgreSQL, database: str) -> bool:
    """Whether it has heard of a database of its primary."""
    with replica.connect() as connection:
        named = "SELECT 1 FROM pg_database WHERE datname = %s"
        return connection.execute(named, [database]).fetchone() is not None


def test_no_verdict_comes_from_a_replica_and_the_primary_is_found_where_it_moved(
    postgresql: PostgreSQL,
) -> None:
    with start_replica(postgresql) as replica, link_to(postgresql.port) as link:
        database = sa.make_url(postgresql.create_database("moving"))
        engine = engine_at(database.set(host=link.host, port=link.port))
        ask = sa.text("SELECT 1")
        with engine.connect() as connection:
            assert connection.scalar(ask) == 1
        # The address leads to the replica: it is left out where a connection opens ...
        link.lead_to(replica.host, replica.port)
        link.cut()
        link.heal()
        wait_until(lambda: knows(replica, "moving"))
        with pytest.raises(sa.exc.OperationalError, match="hot standby") as caught:
            engine.connect()
        assert is_outage(caught.value)
        replica.promote()
        with engine.connect() as connection:
            assert connection.scalar(ask) == 1
        engine.dispose()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_connection_that_finds_itself_at_a_replica_is_given_up(
    postgresql: PostgreSQL, driver: str
) -> None:
    with start_replica(postgresql) as replica:
        address = sa.URL.create(f"postgresql+{driver}", "postgres", None, replica.host)
        engine = sa.create_engine(address.set(port=replica.port, database="postgres"))
        limit_transactions(engine)  # and not where it opens, as behind PgBouncer
        with engine.connect() as connection:
            with pytest.raises(sa.exc.DBAPIError, match="this server is a replica") as caught:
                connection.execute(sa.text("SELECT 1"))
            assert is_outage(caught.value) and connection.invalidated
        replica.promote()
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
        engine.dispose()


@pytest.mark.parametrize(
    ("event_loop", "driver", "owner"),
    [
        ("eventlet", "psycopg", "platform"),
        ("eventlet", "psycopg", "guest"),
        ("gevent", "psycopg", "platform"),
        ("gevent", "psycopg", "guest"),
        ("gevent", "psycopg2", "guest"),
    ],
)
def test_who_waits_for_a_statement_stops_nobody_else(
    url: str, event_loop: str, driver: str, owner: str
) -> None:
    command = [sys.executable, "-m", "tests.integration.yoto.store.waiting_process"]
    done = subprocess.run(
        [*command, event_loop, driver, owner, url], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < SLEEPS / 2
