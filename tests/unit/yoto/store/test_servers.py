"""Database servers: those that are too old are refused, and what tells them apart has one place."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from tests.support.mysql_handshake import Greeter
from yoto.errors import ConfigurationError
from yoto.store.db import _configure
from yoto.store.servers import refuse_old, refuse_unsupported


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("5.7.44-log", "MySQL 5.7.44 is too old: MySQL 8.4 is"),
        ("8.0.46", "MySQL 8.0.46 is too old"),
        (
            "5.5.5-10.6.27-MariaDB-1:10.6.27+maria~ubu2004",
            "MariaDB 10.6.27 is too old: MariaDB 10.11",
        ),
        ("10.3.39-MariaDB-0+deb10u2", "MariaDB 10.3.39 is too old"),
    ],
)
def test_the_driver_is_not_let_on_by_a_greeting_of_an_old_server(told: str, says: str) -> None:
    with Greeter(told) as server:
        engine = sa.create_engine(f"mysql+pymysql://yoto@127.0.0.1:{server.port}/yoto")
        _configure(engine)
        with pytest.raises(ConfigurationError, match=f"DATABASE_URL: {says}"):
            engine.connect()
        engine.dispose()


@pytest.mark.parametrize(
    "told",
    [
        "8.4.0",
        "9.7.4-2",
        "10.11.2-MariaDB",
        "5.5.5-10.11.19-MariaDB-0+deb12u1",
        "11.8.3-MariaDB-ubu2404",
        "a proxy of somebody's own",
    ],
)
def test_those_that_are_new_enough_are_not_refused(told: str) -> None:
    refuse_old(SimpleNamespace(get_server_info=lambda: told), None)


def test_another_kind_of_database_is_refused_by_its_address() -> None:
    url = sa.make_url("oracle+oracledb://host/shop")
    with pytest.raises(
        ConfigurationError,
        match="^db: 'oracle' is not supported: SQLite, PostgreSQL from 15, MariaDB from 10.11 and",
    ):
        refuse_unsupported(url, "db")
    with pytest.raises(ConfigurationError, match="^db: the driver 'asyncpg' is not supported"):
        refuse_unsupported(sa.make_url("postgresql+asyncpg://host/shop"), "db")
    for address in (
        "sqlite://",
        "mysql+pymysql://host/shop",
        "mariadb+pymysql://host/shop",
        "postgresql+psycopg://host/shop",
        "postgresql+psycopg2://host/shop",
    ):
        refuse_unsupported(sa.make_url(address))


@pytest.mark.parametrize(("number", "told"), [(140023, "14.23"), (130000, "13.0")])
def test_an_old_postgresql_is_refused_by_the_number_it_tells_either_driver(
    number: int, told: str
) -> None:
    connection = SimpleNamespace(info=SimpleNamespace(server_version=number))
    with pytest.raises(ConfigurationError, match=f"PostgreSQL {told} is too old: PostgreSQL 15 is"):
        refuse_old(connection, None)


@pytest.mark.parametrize("number", [150000, 170004])
def test_a_new_postgresql_is_not_refused(number: int) -> None:
    refuse_old(SimpleNamespace(info=SimpleNamespace(server_version=number)), None)


def test_databases_differ_in_the_store_and_nowhere_else() -> None:
    asks = re.compile(
        r"dialect\.name|get_backend_name|is_mariadb|with_hint|compiles\(|sqlalchemy\.dialects"
    )
    yoto = Path(__file__).parents[4] / "yoto"
    for path in sorted(yoto.rglob("*.py")):
        if path.relative_to(yoto).parts[0] != "store" and "migrations" not in path.parts:
            assert asks.search(path.read_text(encoding="utf-8")) is None, path
