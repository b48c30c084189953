"""The needs of PostgreSQL: limits that end with their transaction, and waiting that stops nobody.

A connection keeps nothing from one transaction to the next, so that PgBouncer may give each of
them another one of the server's.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from math import ceil
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext

from yoto.store import sqlite
from yoto.store.failures import number_of
from yoto.store.time_limits import (
    CONNECT_SECONDS,
    IDLE_TRANSACTION_SECONDS,
    LOCK_SECONDS,
    PING_SECONDS,
    READ_SECONDS,
    SILENCE_SECONDS,
    TIME_LIMIT,
    WRITE_SECONDS,
    limit_ends,
    limit_of,
)

# ``info.transaction_status`` of both drivers, outside of a transaction.
_IDLE = 0
# Rights are read from no replica, not even where the server that had been asked became one, or
# PgBouncer found another: who has lost a right may have it there. As a server says that starts.
_REPLICA = "57P03"
_NO_REPLICA = (
    "DO $$ BEGIN IF pg_is_in_recovery() THEN RAISE EXCEPTION 'this server is a replica' "
    f"USING ERRCODE = '{_REPLICA}'; END IF; END $$"
)


def connect_arguments() -> dict[str, Any]:
    """The arguments of psycopg for a connection that ``limit_transactions`` watches afterwards."""
    return {
        "connect_timeout": ceil(CONNECT_SECONDS),
        # The primary, where the address names several hosts.
        "target_session_attrs": "primary",
        # A prepared statement would stay with the server's connection, which PgBouncer lends on.
        "prepare_threshold": None,
    }


def wait_with_others() -> None:
    """Have psycopg wait by the module ``select`` where eventlet or gevent put theirs there.

    By itself it knows of gevent alone, and its wait in C stops every greenlet of the process.
    """
    if select.select.__module__ == "select":
        return
    from psycopg import waiting  # not needed by other databases

    waiting.wait = waiting.wait_select


def limit_transactions(engine: Engine) -> None:
    """Limit each transaction and statement of an engine of the platform's own on PostgreSQL.

    Limits come with ``BEGIN``, in one message; the socket is watched for a server that is silent.
    """
    event.listen(engine, "before_cursor_execute", _before, retval=True)
    event.listen(engine, "handle_error", _leave_replica)
    if engine.dialect.driver == "psycopg":
        wait_with_others()
        event.listen(engine, "connect", _take_over)
        limit_ends(engine, _listen_for)
        engine.dialect.do_begin = _begin  # type: ignore[assignment,method-assign]


class _Waiting:
    """Waits for the server, as psycopg does, but not for ever.

    Attributes:
        limit: seconds for the next exchange; None: no limit.
        allowed: seconds after which the server ends a statement by itself.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._wait: Callable[..., Any] = connection.wait
        self.limit: float | None = PING_SECONDS
        self.allowed: float | None = None

    def __call__(self, exchange: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
        if self.limit is not None:
            exchange = self._limited(exchange, self.limit)
        return self._wait(exchange, *given, **named)

    def _limited(self, exchange: Generator[Any, Any, Any], limit: float) -> Any:
        cancels = self.allowed is None or self.allowed > limit
        deadline = monotonic() + limit + (0 if cancels else SILENCE_SECONDS)
        try:
            wanted = next(exchange)
            while True:
                ready = yield wanted
                if not ready and monotonic() >= deadline:
                    if not (cancels and self._cancel()):
                        self._give_up(limit)
                    cancels, deadline = False, monotonic() + SILENCE_SECONDS
                wanted = exchange.send(ready)
        except StopIteration as end:
            return end.value

    def _cancel(self) -> bool:
        """Ask the server to end the statement; whether it heard."""
        from psycopg import Error

        try:
            self._connection.cancel_safe(timeout=SILENCE_SECONDS)
        except Error:
            return False
        return True

    def _give_up(self, limit: float) -> None:
        from psycopg import OperationalError

        self._connection.close()
        raise OperationalError(f"the server was silent for {limit:g} s")


def _take_over(connection: Any, record: Any) -> None:
    connection.autocommit = True  # the driver sends no BEGIN: ``_begin`` does
    connection.wait = _Waiting(connection)


def _begin(connection: Any) -> None:
    driver = connection.dbapi_connection
    reads = sqlite.will_write.get() is False
    allowed = READ_SECONDS if reads else WRITE_SECONDS
    # A reader sees one state of everything. A writer sees all that is committed once a lock is
    # its own: a state from before the lock would fail it where others came first.
    level = " ISOLATION LEVEL REPEATABLE READ" if reads else ""
    driver.wait.limit, driver.wait.allowed = PING_SECONDS, PING_SECONDS
    driver.execute(f"BEGIN{level}; {_conditions(allowed)}")
    driver.wait.allowed = allowed


def _before(
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    options = context.execution_options if context is not None else {}
    parameters = _holdable(parameters)
    driver = cursor.connection
    _, limit = limit_of(statement, options)
    if connection.dialect.driver != "psycopg":
        if driver.info.transaction_status == _IDLE:
            # The driver sends texts that have their values in them: several may come as one.
            statement = f"{_conditions(limit)}; {statement}"
        return statement, parameters
    if TIME_LIMIT in options and driver.wait.allowed != limit:
        driver.wait.allowed = limit
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_milliseconds(limit)}")
    driver.wait.limit = limit
    return statement, parameters


def _holdable(given: Any) -> Any:
    """Parameters with U+FFFD for each NUL, which no text of PostgreSQL can hold.

    No stored name has one, so a question about such a name finds nothing, and is recorded.
    """
    if isinstance(given, str):
        return given.replace("\0", "\ufffd")
    if isinstance(given, dict):
        return {name: _holdable(value) for name, value in given.items()}
    if isinstance(given, (list, tuple)):
        return type(given)(map(_holdable, given))
    return given


def _leave_replica(context: ExceptionContext) -> None:
    """Give up all connections to a replica: new ones find where the primary is."""
    if number_of(context.original_exception) == _REPLICA:
        context.is_disconnect = True


def _listen_for(driver: Any, limit: float | None) -> None:
    driver.wait.limit = driver.wait.allowed = limit  # nothing to cancel


def _conditions(seconds: float | None) -> str:
    """The begin of each transaction."""
    return (
        # Its compiler would take longer than any statement of ours.
        "SET LOCAL jit = off; "
        f"SET LOCAL statement_timeout = {_milliseconds(seconds)}; "
        f"SET LOCAL lock_timeout = {_milliseconds(LOCK_SECONDS)}; "
        "SET LOCAL idle_in_transaction_session_timeout = "
        f"{_milliseconds(IDLE_TRANSACTION_SECONDS)}; {_NO_REPLICA}"
    )


def _milliseconds(seconds: float | None) -> int:
    """Milliseconds for a setting of PostgreSQL; 0: without end."""
    return 0 if seconds is None else round(seconds * 1000)
