"""Marks errors that came while a COMMIT was on its way.

Where the connection is lost then, only the database knows whether the transaction stands: the
answer is neither that it failed nor that it succeeded.
"""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext

_COMMITTING = "yoto.committing"
_OUTCOME_UNKNOWN = "yoto_outcome_unknown"


def watch_commits(engine: Engine) -> None:
    """Mark the errors of ``engine`` by which a connection is lost inside COMMIT."""
    event.listen(engine, "begin", _forget)
    event.listen(engine, "commit", _note)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "handle_error", _mark)


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
