"""The MariaDB server of the tests, or the one that somebody else started.

A private MariaDB (or MySQL: ``mysql.py``) by default: a fresh data folder, a free port, no
durability. Where ``YOTO_TEST_DATABASE_SERVER`` names a server
(``mysql+pymysql://root:password@127.0.0.1:3306``), as workflows do with their service containers,
databases are made there instead. Tests that come between an application and its database have the
private one in any case.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pymysql
import sqlalchemy as sa

from tests.support.database import in_memory
from tests.support.service import Service
from tests.support.waiting import HOST, free_port

# Tests commit thousands of times and never need a row after a crash.
FAST_AND_FORGETFUL = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--max-connections=300",
    # A statement whose plan explodes must fail its own test, not the machine that runs them all.
    f"--max-session-mem-used={512 * 1024 * 1024}",
)


class MariaDB(Service):
    """One server process, of MySQL as well. ``create_database`` gives the address of a new, empty
    database.
    """

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        super().__init__("database", folder)
        self._command = command
        self.port = port

    def command(self) -> list[str]:
        return self._command

    def answers(self) -> bool:
        try:
            pymysql.connect(host=HOST, port=self.port, user="root").close()
        except pymysql.err.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> str:
        with pymysql.connect(host=HOST, port=self.port, user="root") as connection:
            connection.query(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root@{HOST}:{self.port}/{name}?charset=utf8mb4"


class ServiceDatabase:
    """A server that somebody else started and stops; ``create_database`` as of ``MariaDB``."""

    def __init__(self, address: str) -> None:
        self._address = sa.make_url(address)

    def create_database(self, name: str) -> str:
        on_postgresql = self._address.get_backend_name() == "postgresql"
        charset = "" if on_postgresql else " CHARACTER SET utf8mb4"
        engine = sa.create_engine(self._address)
        if on_postgresql:  # makes no database inside a transaction
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            connection.exec_driver_sql(f"CREATE DATABASE {name}{charset}")
        engine.dispose()
        address = self._address.set(database=name)
        if not on_postgresql:
            address = address.update_query_dict({"charset": "utf8mb4"})
        return address.render_as_string(hide_password=False)


def placed(folder: Path, port: int) -> list[str]:
    """Options of a server of either kind, whose data is below ``folder``, on a port of ``HOST``."""
    return [
        f"--user={folder.owner()}",
        f"--datadir={folder}/data",
        # Below its data folder, whose whole path may be too long for one.
        "--socket=server.sock",
        f"--pid-file={folder}/server.pid",
        f"--port={port}",
        f"--bind-address={HOST}",
        # A server removes at its start what looks temporary there, be it of another one that runs.
        f"--tmpdir={folder}",
    ]


def start_mariadb(below: Path | None = None, *options: str) -> MariaDB | None:
    """Start a server, or None where MariaDB is not installed."""
    server, installer = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or installer is None:
        return None
    # To empty a table, as each test does with some, is 20 times as fast there.
    folder = Path(tempfile.mkdtemp(prefix="yoto-mariadb-", dir=below or in_memory()))
    subprocess.run(
        [
            installer,
            "--no-defaults",
            f"--user={folder.owner()}",
            f"--datadir={folder}/data",
            f"--tmpdir={folder}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    port = free_port()
    command = [server, "--no-defaults", *placed(folder, port), *FAST_AND_FORGETFUL, *options]
    return MariaDB(command, folder, port).start()
