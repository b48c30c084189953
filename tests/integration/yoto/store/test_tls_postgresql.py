"""TLS to PostgreSQL: who is believed, and what is refused at the start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import close_app, create_app
from tests.support.postgresql import PostgreSQL, only_by_tls, start_postgresql
from tests.support.require import missing
from tests.support.tls import Authority
from tests.support.waiting import HOST
from yoto.errors import ConfigurationError
from yoto.store.db import db


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[PostgreSQL]:
    """Takes from ``careful`` no plain connection, and none without a certificate."""
    started = start_postgresql()
    if started is None:
        missing("PostgreSQL is not installed")
    with started:
        started.create_database("tls")
        with started.connect("tls") as connection:
            connection.execute("CREATE ROLE careful LOGIN SUPERUSER")
        only_by_tls(started, "careful", authority)
        yield started


def cipher(server: PostgreSQL, tmp_path: Path, host: str = HOST, **query: str) -> str:
    """The encryption of an application's own connection."""
    url = sa.URL.create("postgresql+psycopg", "careful", None, host, server.port, "tls", query)
    config = {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": url.render_as_string(hide_password=False),
    }
    app = create_app(config, str(tmp_path))
    statement = "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    try:
        with app.app_context():
            return str(db.session.execute(sa.text(statement)).scalar_one())
    finally:
        close_app(app)


def ours(authority: Authority, folder: Path) -> dict[str, str]:
    own = authority.issue("careful")
    # libpq reads no key that others may read.
    key = shutil.copy(own.key, folder / "own.key")
    Path(key).chmod(0o600)
    return {
        "sslmode": "verify-full",
        "sslrootcert": authority.certificates,
        "sslcert": own.certificate,
        "sslkey": str(key),
    }


def test_the_application_talks_tls_with_a_certificate_of_its_own(
    server: PostgreSQL, authority: Authority, tmp_path: Path
) -> None:
    assert cipher(server, tmp_path, **ours(authority, tmp_path)).startswith("TLS")


def test_a_server_of_an_unknown_authority_is_not_believed(
    server: PostgreSQL, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "strange").mkdir()
    stranger = Authority(tmp_path / "strange")
    given = ours(authority, tmp_path) | {"sslrootcert": stranger.certificates}
    with pytest.raises(sa.exc.OperationalError, match="certificate verify failed"):
        cipher(server, tmp_path, **given)


def test_a_certificate_must_name_the_host_that_was_asked_for(
    server: PostgreSQL, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(sa.exc.OperationalError, match="does not match host name"):
        cipher(server, tmp_path, host="localhost", **ours(authority, tmp_path))


def test_who_shows_no_certificate_is_refused_by_a_server_that_asks_for_one(
    server: PostgreSQL, authority: Authority, tmp_path: Path
) -> None:
    given = {"sslmode": "verify-full", "sslrootcert": authority.certificates}
    with pytest.raises(sa.exc.OperationalError, match="requires a valid client certificate"):
        cipher(server, tmp_path, **given)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"sslmode": "require"}, "sslmode=require checks no certificate"),
        ({"sslmode": "prefer", "sslrootcert": "/x"}, "sslmode=prefer checks no certificate"),
        ({"sslrootcert": "/x"}, "certificates want sslmode=verify-full"),
        ({"sslmode": "verify-full", "sslrootcert": "/nowhere"}, "no file of certificates: No such"),
        ({"sslmode": "verify-ca", "sslrootcert": __file__}, "no file of certificates"),
        ({"sslmode": "verify-full", "sslkey": "/x"}, "sslkey wants its sslcert"),
        ({"sslmode": "verify-full", "sslcert": "/x"}, "no certificate and its key"),
    ],
)
def test_tls_that_would_check_nobody_stops_the_start(
    tmp_path: Path, query: dict[str, str], says: str
) -> None:
    url = sa.URL.create("postgresql+psycopg", "yoto", None, HOST, 1, "yoto", query)
    config = {"ENVIRONMENT": "testing", "DATABASE_URL": url.render_as_string()}
    with pytest.raises(ConfigurationError, match=f"DATABASE_URL: .*{says}"):
        create_app(config, str(tmp_path))
