"""TLS to MariaDB: who is believed, and what is refused at the start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from app import close_app, create_app
from tests.support.mariadb import MariaDB, start_mariadb
from tests.support.require import missing
from tests.support.tls import Authority
from tests.support.waiting import HOST
from yoto.errors import ConfigurationError
from yoto.store.db import db

# eventlet leaves the socket of a handshake that failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <eventlet.green.ssl:ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Leave no such socket to the tests of others; each time takes seconds where much is loaded."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[MariaDB]:
    """Takes no plain connection, and from ``careful`` none without a certificate."""
    own = authority.issue(HOST)
    started = start_mariadb(
        None,
        f"--ssl-ca={authority.certificates}",
        f"--ssl-cert={own.certificate}",
        f"--ssl-key={own.key}",
        "--require-secure-transport=ON",
    )
    if started is None:
        missing("MariaDB is not installed")
    with started:
        started.create_database("tls")
        with pymysql.connect(host=HOST, port=started.port, user="root") as connection:
            connection.query("CREATE USER careful@'%' REQUIRE X509")
            connection.query("GRANT ALL ON tls.* TO careful@'%'")
        yield started


def cipher(server: MariaDB, tmp_path: Path, host: str = HOST, **query: str) -> str:
    """The cipher of an application's own connection; the empty text: none."""
    url = sa.URL.create(
        "mysql+pymysql", "careful", None, host, server.port, "tls", query
    ).render_as_string(hide_password=False)
    app = create_app({"ENVIRONMENT": "testing", "DATABASE_URL": url}, str(tmp_path))
    try:
        with app.app_context():
            return str(db.session.execute(sa.text("SHOW STATUS LIKE 'Ssl_cipher'")).one()[1])
    finally:
        close_app(app)


def ours(authority: Authority) -> dict[str, str]:
    own = authority.issue("yoto.example")
    return {
        "ssl_ca": authority.certificates,
        "ssl_cert": own.certificate,
        "ssl_key": own.key,
    }


def test_the_application_talks_tls_with_a_certificate_of_its_own(
    server: MariaDB, authority: Authority, tmp_path: Path
) -> None:
    assert cipher(server, tmp_path, **ours(authority))


def test_a_server_of_an_unknown_authority_is_not_believed(
    server: MariaDB, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "strange").mkdir()
    stranger = Authority(tmp_path / "strange")
    with pytest.raises(sa.exc.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        cipher(server, tmp_path, **ours(authority) | {"ssl_ca": stranger.certificates})


def test_a_certificate_must_name_the_host_that_was_asked_for(
    server: MariaDB, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(sa.exc.OperationalError, match="not valid for 'localhost'"):
        cipher(server, tmp_path, host="localhost", **ours(authority))


def test_who_shows_no_certificate_is_refused_by_a_server_that_asks_for_one(
    server: MariaDB, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(sa.exc.OperationalError, match="Access denied for user 'careful'"):
        cipher(server, tmp_path, ssl_ca=authority.certificates)


def test_a_server_without_tls_is_refused_where_an_authority_is_named(
    mariadb: MariaDB, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(sa.exc.OperationalError, match="SSL"):
        cipher(mariadb, tmp_path, ssl_ca=authority.certificates)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"ssl_cert": "/x"}, "names no ssl_ca"),
        ({"ssl_check_hostname": "true"}, "names no ssl_ca"),
        ({"ssl_ca": "/nowhere"}, "no file of certificates: No such file"),
        ({"ssl_ca": __file__}, "no file of certificates"),
        ({"ssl_capath": "/etc/ssl/certs", "ssl_key": "/x"}, "ssl_key wants its ssl_cert"),
        ({"ssl_capath": "/etc/ssl/certs", "ssl_cert": "/x"}, "no certificate and its key"),
        ({"ssl_ca": "/x", "ssl_verify_identity": "true"}, "leave out ssl_verify_identity"),
        ({"ssl_ca": "/x", "ssl_disabled": "false"}, "leave out ssl_disabled"),
    ],
)
def test_tls_that_would_check_nobody_stops_the_start(
    tmp_path: Path, query: dict[str, str], says: str
) -> None:
    url = sa.URL.create("mysql+pymysql", "yoto", None, HOST, 1, "yoto", query)
    config = {"ENVIRONMENT": "testing", "DATABASE_URL": url.render_as_string()}
    with pytest.raises(ConfigurationError, match=f"DATABASE_URL: .*{says}"):
        create_app(config, str(tmp_path))
