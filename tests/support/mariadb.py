"""The MariaDB or MySQL server of the tests.

A private MariaDB by default: a fresh data folder, a free port, no durability. Where
``YOTO_TEST_DATABASE_SERVER`` names a server (``mysql+pymysql://root:password@127.0.0.1:3306``), as
workflows do with their service containers, databases are made there instead. Tests that come
between an application and its database have the private one in any case.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql
import sqlalchemy as sa

from tests.support.database import in_memory

START_SECONDS = 30.0
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


class MariaDB:
    """One server process. ``create_database`` gives the address of a new, empty database."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        self._command = command
        self._folder = folder
        self.port = port
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        log = self._folder / "server.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)
        _wait_until_answers(process, self.port, log)
        return process

    def create_database(self, name: str) -> str:
        with pymysql.connect(host="127.0.0.1", port=self.port, user="root") as connection:
            connection.query(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start it again on the data that it had."""
        self._process = self._started()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class ServiceDatabase:
    """A server that somebody else started and stops; ``create_database`` as of ``MariaDB``."""

    def __init__(self, address: str) -> None:
        self._address = sa.make_url(address)

    def create_database(self, name: str) -> str:
        engine = sa.create_engine(self._address)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        engine.dispose()
        address = self._address.set(database=name).update_query_dict({"charset": "utf8mb4"})
        return address.render_as_string(hide_password=False)


def start_mariadb(below: Path | None = None, *options: str) -> MariaDB | None:
    """Start a server, or None where MariaDB is not installed."""
    server, installer = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or installer is None:
        return None
    # To empty a table, as each test does with some, is 20 times as fast there.
    folder = Path(tempfile.mkdtemp(prefix="yoto-mariadb-", dir=below or in_memory()))
    user = f"--user={folder.owner()}"
    # A server removes at its start what looks temporary there, be it of another one that runs.
    temporary = f"--tmpdir={folder}"
    subprocess.run(
        [
            installer,
            "--no-defaults",
            user,
            f"--datadir={folder}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            temporary,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    port = _free_port()
    command = [
        server,
        "--no-defaults",
        user,
        f"--datadir={folder}/data",
        f"--socket={folder}/server.sock",
        f"--pid-file={folder}/server.pid",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        temporary,
        *FAST_AND_FORGETFUL,
        *options,
    ]
    return MariaDB(command, folder, port)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()
            return
        except pymysql.err.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"MariaDB did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.05)
