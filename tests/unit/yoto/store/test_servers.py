"""A database server that is too old is refused by what it says in its greeting."""

from __future__ import annotations

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
    url = sa.make_url("postgresql+psycopg://host/shop")
    with pytest.raises(
        ConfigurationError,
        match="^db: 'postgresql' is not supported: SQLite, MariaDB from 10.11 and",
    ):
        refuse_unsupported(url, "db")
    for address in ("sqlite://", "mysql+pymysql://host/shop", "mariadb+pymysql://host/shop"):
        refuse_unsupported(sa.make_url(address))
