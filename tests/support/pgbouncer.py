"""PgBouncer before a private PostgreSQL: a transaction may get any of its connections."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg

from tests.support.postgresql import USER, PostgreSQL, as_user
from tests.support.require import missing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port

CONNECTIONS = 3  # to the server, of each database

CONFIGURATION = """\
[databases]
* = host={host} port={server_port} user={user}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


class PgBouncer(Service):
    """One process, in transaction mode."""

    def __init__(self, server: PostgreSQL) -> None:
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        self._program = program or missing("PgBouncer is not installed")
        super().__init__("pgbouncer", Path(tempfile.mkdtemp(prefix="yoto-pgbouncer-")))
        self.port = free_port()
        self._as_user = as_user(self.folder)
        self._file = self.folder / "pgbouncer.ini"
        self._file.write_text(
            CONFIGURATION.format(
                host=HOST,
                server_port=server.port,
                user=USER,
                port=self.port,
                connections=CONNECTIONS,
            ),
            encoding="ascii",
        )

    def command(self) -> list[str]:
        return [*self._as_user, self._program, str(self._file)]

    def answers(self) -> bool:
        try:
            psycopg.connect(host=HOST, port=self.port, user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True
