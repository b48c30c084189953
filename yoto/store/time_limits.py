"""Time limits for each operation on a server, after which its caller goes on without it.

A server that freezes, or is cut off, closes nothing: only a clock of our own ends the waiting. The
server itself ends a slow statement a moment earlier, with an error; so silence counts as a broken
connection. Those of MariaDB are set here, those of PostgreSQL in ``postgresql.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from yoto.deadlines import at_hand, left_of

# The execution option that sets another limit for one statement or a whole connection, in
# seconds; None: no limit.
TIME_LIMIT = "time_limit"

CONNECT_SECONDS = 2.0  # to open a connection: for TCP, and again for each response
PING_SECONDS = 1.5  # to check that a pooled connection still lives, or to end a transaction
READ_SECONDS = 4.5  # for a statement that only reads: its request is answered within five
LOCK_SECONDS = 10  # to wait for a row that another transaction has locked
WRITE_SECONDS = 15.0  # for a statement that may have to wait for one, and for a commit
SHORTEST_SECONDS = 0.001  # that a server takes as a limit
SILENCE_SECONDS = 0.3  # after which the server should have reported the end of a slow statement
# A worker that stops in the middle of a transaction keeps its locks no longer than this.
IDLE_TRANSACTION_SECONDS = 60

_READS = re.compile(r"\s*\(*\s*(SELECT|WITH)\b", re.IGNORECASE)
_LOCKS = re.compile(r"\bFOR UPDATE\b|\bLOCK IN SHARE MODE\b|\bFOR SHARE\b", re.IGNORECASE)
# MySQL has no such limit, and reads over what is in this comment.
_SESSION = (
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}"
    f" /*M!100300 , SESSION idle_transaction_timeout = {IDLE_TRANSACTION_SECONDS} */"
)


def limit_of(statement: str, options: Mapping[str, Any]) -> tuple[bool, float | None]:
    """Whether a statement only reads, and the seconds that it may take; None: no limit.

    Raises:
        DeadlineExceeded: the caller's deadline has passed.
    """
    reads = _READS.match(statement) is not None and _LOCKS.search(statement) is None
    own = options.get(TIME_LIMIT, READ_SECONDS if reads else WRITE_SECONDS)
    if at_hand() is None:
        return reads, own
    # For both servers 0 means no limit.
    left = max(SHORTEST_SECONDS, left_of(math.inf if own is None else own))
    return reads, left


def limit_ends(engine: Engine, listen_for: Callable[[Any, float | None], None]) -> None:
    """Limit COMMIT, and the rollback by which the pool takes a connection back.

    Args:
        listen_for: gives a driver's connection the seconds of its next exchange.
    """

    def before_commit(connection: Connection) -> None:
        limit = connection.get_execution_options().get(TIME_LIMIT, WRITE_SECONDS)
        listen_for(connection.connection.dbapi_connection, limit)

    def before_rest(connection: Any, record: Any, state: Any) -> None:
        # The pool ends the open transaction now, and checks the connection before its next use.
        if connection is not None:
            listen_for(connection, PING_SECONDS)

    event.listen(engine, "commit", before_commit)
    event.listen(engine, "reset", before_rest)


def connect_arguments() -> dict[str, Any]:
    """The PyMySQL arguments for a connection that ``limit_times`` watches afterwards."""
    return {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": CONNECT_SECONDS,
        "write_timeout": CONNECT_SECONDS,
        "init_command": _SESSION,
    }


def open_quickly(engine: Engine) -> None:
    """Let PyMySQL read the machine's certificates once a process, not for each connection.

    Reading them takes 20 ms of processor time, ten times as long as all else, whether or not the
    server speaks TLS; and an address without a certificate compares none of them with anything.
    """
    engine.dialect.connect = _connection_class()  # type: ignore[method-assign]


@cache
def _connection_class() -> Any:
    from pymysql.connections import Connection as Driver  # not needed on SQLite

    class Opened(Driver):  # type: ignore[misc]
        unchecked: Any = None

        # Should it get another name one day, connections would only open slowly again.
        def _create_ssl_ctx(self, given: Any) -> Any:
            if given:
                return super()._create_ssl_ctx(given)
            if Opened.unchecked is None:
                Opened.unchecked = super()._create_ssl_ctx(given)
            return Opened.unchecked

    return Opened


def limit_times(engine: Engine) -> None:
    """Limit each statement of an engine on MariaDB, and the exchanges between them."""
    event.listen(engine, "before_cursor_execute", _before, retval=True)
    limit_ends(engine, _listen_for)


def _before(
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    options = context.execution_options if context is not None else {}
    reads, limit = limit_of(statement, options)
    _listen_for(cursor.connection, limit)
    if reads and limit is not None and getattr(connection.dialect, "is_mariadb", False):
        statement = f"SET STATEMENT max_statement_time={limit:g} FOR {statement}"
    return statement, parameters


def _listen_for(connection: Any, limit: float | None) -> None:
    """The driver has no call for it: it reads this before it waits for a response."""
    connection._read_timeout = None if limit is None else limit + SILENCE_SECONDS
