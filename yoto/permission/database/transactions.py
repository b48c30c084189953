"""Write transactions on the caller's session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, Session

from yoto.errors import ValidationFailed
from yoto.store.db import db, is_writing, writing
from yoto.store.translation import platform_error

# In ``Session.info``: that the running transaction wrote, and how many rows its connection had
# changed when it began.
_WROTE = "yoto.wrote"
_CHANGES = "yoto.changes"


@contextmanager
def write(commit: bool, conflict: Mapping[str, str] | None = None) -> Iterator[Session]:
    """A block of changes that is stored as a whole.

    Args:
        commit: commit at the end, and roll back if the block raises. Without it the caller does
            both: the changes are only flushed.
        conflict: the field and message to report if the database refuses a duplicate that another
            writer stored a moment earlier.

    Raises:
        ValidationFailed: ``conflict``.
        WriteConflict: another writer changed the same things first.
        StoreUnavailable: the database did not answer.
    """
    session = db.session()
    if commit and not is_writing() and not has_written(session):
        # On SQLite a transaction that began as a reader may be unable to become a writer.
        session.commit()
    try:
        with writing():
            yield session
            session.flush()
            if commit:
                session.commit()
    except BaseException as error:
        if commit:
            session.rollback()
        if conflict and isinstance(error, exc.IntegrityError):
            raise ValidationFailed(conflict) from error
        found = platform_error(error)
        if found is not None:
            raise found from error
        raise


def has_written(session: Session) -> bool:
    """Whether the running transaction of ``session`` holds, or is about to hold, changes.

    Statements past the session, on its bare connection, are seen on SQLite alone.
    """
    if session.new or session.dirty or session.deleted or session.info.get(_WROTE):
        return True
    return session.in_nested_transaction() or _changes(session) != session.info.get(_CHANGES)


def watch_sessions() -> None:
    """Notice the writes of every session from now on. Calling it again changes nothing."""
    if event.contains(Session, "after_flush", _after_flush):
        return
    event.listen(Session, "after_begin", _after_begin)
    event.listen(Session, "after_flush", _after_flush)
    event.listen(Session, "do_orm_execute", _on_execute)
    event.listen(Session, "after_commit", _after_end)
    event.listen(Session, "after_rollback", _after_rollback)


def _changes(session: Session) -> int | None:
    """Rows that the connection of the running transaction ever changed, if its driver counts."""
    if not session.in_transaction():
        return None
    return getattr(session.connection().connection.dbapi_connection, "total_changes", None)


def _after_begin(session: Session, transaction: Any, connection: Connection) -> None:
    raw = connection.connection.dbapi_connection
    session.info.setdefault(_CHANGES, getattr(raw, "total_changes", None))


def _after_flush(session: Session, context: Any) -> None:
    session.info[_WROTE] = True


def _on_execute(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info[_WROTE] = True


def _after_rollback(session: Session) -> None:
    # Writes before a savepoint stay when that is rolled back.
    if not session.in_nested_transaction():
        _after_end(session)


def _after_end(session: Session) -> None:
    session.info.pop(_WROTE, None)
    session.info.pop(_CHANGES, None)
