"""Commits that did not end as they should.

Where a connection is lost while COMMIT is on its way, only the database knows whether the
transaction stands: the answer is neither that it failed nor that it succeeded. Where COMMIT was
never sent, the transaction must not go on into the next one.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.pool import PoolResetState

# A bit of ``server_status`` in the protocol of MariaDB and MySQL.
_IN_TRANSACTION = 1
_COMMITTING = "yoto.committing"
_OUTCOME_UNKNOWN = "yoto_outcome_unknown"


def watch_commits(engine: Engine) -> None:
    """Mark the errors of ``engine`` by which a connection is lost inside COMMIT."""
    event.listen(engine, "begin", _forget)
    event.listen(engine, "commit", _note)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "handle_error", _mark)


def end_left_open(engine: Engine) -> None:
    """Roll back a transaction that comes back to the pool of ``engine`` open.

    A listener to the commit that raises keeps COMMIT from being sent, and SQLAlchemy takes the
    transaction for over: the next one on the connection would commit what was answered as failed.
    """
    event.listen(engine, "reset", _roll_back)


def is_outcome_unknown(error: BaseException) -> bool:
    """Whether the transaction of ``error`` may stand all the same."""
    return getattr(error, _OUTCOME_UNKNOWN, False) is True


def _note(connection: Connection) -> None:
    connection.info[_COMMITTING] = True


def _forget(connection: Connection) -> None:
    # A connection that is lost has no info any more, and asking for it would open another.
    if not connection.invalidated:
        connection.info.pop(_COMMITTING, None)


def _mark(context: ExceptionContext) -> None:
    connection, error = context.connection, context.sqlalchemy_exception
    if connection is None or error is None or context.statement is not None:
        return
    if context.is_disconnect and connection.info.get(_COMMITTING):
        setattr(error, _OUTCOME_UNKNOWN, True)


def _roll_back(driver: Any, record: object, state: PoolResetState) -> None:
    if driver is not None and state.transaction_was_reset and _is_open(driver):
        driver.rollback()


def _is_open(driver: Any) -> bool:
    """Whether a driver's connection is in a transaction, by the last answer of its server."""
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    if hasattr(driver, "info"):  # both drivers of PostgreSQL, whose 0 is outside of one
        return bool(driver.info.transaction_status)
    return bool(getattr(driver, "server_status", 0) & _IN_TRANSACTION)
