"""A private PostgreSQL server, where ``YOTO_TEST_DATABASE`` is ``postgresql``.

Databases are copies of none: each is made from ``template0`` with a collation that sorts texts as
people do, so that what is compared byte by byte is so by the tables.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from tests.support.database import in_memory
from tests.support.require import missing
from tests.support.service import Service
from tests.support.tls import Authority
from tests.support.waiting import HOST, free_port, wait_until

# Tests commit thousands of times and never need a row after a crash.
FAST_AND_FORGETFUL = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
)
USER = "postgres"  # who may run it where we are root, which it refuses


class PostgreSQL(Service):
    """One server process. ``create_database`` gives the address of a new, empty database."""

    host = HOST

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        super().__init__("database", folder)
        self._command = command
        self.port = port

    def command(self) -> list[str]:
        return self._command

    def _signal(self, number: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children()
            super()._signal(number)
            for child in children:  # each leads a group of its own
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of its owner, without transactions."""
        return psycopg.connect(
            host=HOST, port=self.port, user=USER, dbname=database, autocommit=True
        )

    def promote(self) -> None:
        """A replica takes writes from now on."""
        with self.connect() as connection:
            connection.execute("SELECT pg_promote()")

    def create_database(self, name: str, owner: str = USER) -> str:
        with self.connect() as connection:
            for act in (
                f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu "
                f"ICU_LOCALE 'en' LOCALE 'C' OWNER {owner}",
            ):
                connection.execute(act.encode())
        return f"postgresql+psycopg://{USER}@{HOST}:{self.port}/{name}"


def program(name: str) -> str | None:
    """One of the server's programs: Debian keeps them beside its path, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(found[0]) if found else shutil.which(name)


def only_by_tls(
    server: PostgreSQL,
    user: str,
    authority: Authority,
    proof: str = "trust clientcert=verify-ca",
) -> None:
    """Have ``user`` of a server come by TLS alone, and with a certificate; others as before.

    Args:
        proof: of who it is, as ``pg_hba.conf`` has it.
    """
    own = authority.issue(HOST)
    data = server.folder / "data"
    owner = data.stat()
    for source, name in ((own.certificate, "server.crt"), (own.key, "server.key")):
        copied = Path(shutil.copy(source, data / name))
        copied.chmod(0o600)
        os.chown(copied, owner.st_uid, owner.st_gid)
    authorities = shutil.copy(authority.certificates, data / "root.crt")
    os.chown(authorities, owner.st_uid, owner.st_gid)
    rules = data / "pg_hba.conf"
    others = rules.read_text(encoding="ascii")
    own_rule = f"hostssl all {user} all {proof}\nhost all {user} all reject\n"
    rules.write_text(own_rule + others, encoding="ascii")
    with server.connect() as connection:
        connection.execute("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
        connection.execute("ALTER SYSTEM SET ssl = on")
        connection.execute("SELECT pg_reload_conf()")
    wait_until(lambda: _has_tls(server), what="TLS to be on")


def _has_tls(server: PostgreSQL) -> bool:
    with server.connect() as connection:
        return connection.execute("SHOW ssl").fetchone() == ("on",)


def start_replica(primary: PostgreSQL) -> PostgreSQL:
    """Start a server that follows ``primary``, until it is promoted."""
    copy = program("pg_basebackup") or missing("pg_basebackup is not installed")
    folder = Path(tempfile.mkdtemp(prefix="yoto-postgresql-", dir=in_memory()))
    user = as_user(folder)
    where = [f"--host={HOST}", f"--port={primary.port}", f"--username={USER}"]
    subprocess.run(
        [*user, copy, *where, f"--pgdata={folder}/data", "--write-recovery-conf"]
        + ["--checkpoint=fast", "--no-sync"],
        check=True,
        cwd=folder,
    )
    return _server(folder, user, FAST_AND_FORGETFUL).start()


def start_postgresql(below: Path | None = None, *options: str) -> PostgreSQL | None:
    """Start a server, or None where PostgreSQL is not installed."""
    installer = program("initdb")
    if installer is None or program("postgres") is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="yoto-postgresql-", dir=below or in_memory()))
    user = as_user(folder)
    subprocess.run(
        [
            *user,
            installer,
            f"--pgdata={folder}/data",
            f"--username={USER}",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    return _server(folder, user, options or FAST_AND_FORGETFUL).start()


def _server(folder: Path, user: Sequence[str], options: Sequence[str]) -> PostgreSQL:
    port = free_port()
    settings = [
        f"listen_addresses={HOST}",
        f"port={port}",
        "unix_socket_directories=",
        "dynamic_shared_memory_type=mmap",  # which ends with the folder
        *options,
    ]
    command = [*user, program("postgres") or "", "-D", f"{folder}/data"]
    return PostgreSQL(command + [part for one in settings for part in ("-c", one)], folder, port)


def as_user(folder: Path) -> Sequence[str]:
    """The begin of a command which root may not run; the folder then belongs to who may."""
    if os.geteuid() != 0:
        return []
    found = pwd.getpwnam(USER)
    os.chown(folder, found.pw_uid, found.pw_gid)
    return ["setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"]
