"""Hooks into every SQLAlchemy session, so that no caller can forget to publish its changes.

What is executed past the session, on a bare connection, is not seen: say it with ``touch``.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from yoto.permission.outbox.forgetting import forget_gone, forget_rows
from yoto.permission.outbox.objects import touched_by_flush
from yoto.permission.outbox.publisher import OUTBOX_EXTENSION, Outbox
from yoto.permission.outbox.rows import Event, add_events, find_numbers, look_up
from yoto.permission.outbox.statements import touched_by_statement
from yoto.permission.outbox.touches import Touches
from yoto.store.db import begun_session

# In ``Session.info`` while the running transaction has touched something.
TOUCHES = "yoto.touches"
# The same while there may be objects that were added and not flushed. Events say so, since looking
# would cost each check as much as all else that it does.
_ADDED = "yoto.added"
_WRITTEN = "yoto.outbox"
_POSITION = "yoto.position"


def touch(session: Session, *subjects: str) -> None:
    """Publish ``subjects`` when the transaction of ``session`` is committed."""
    touches = _touches(session)
    touches.add(*subjects)
    _keep(session, touches)


def keep_from_caches(session: Session) -> None:
    """Have no verdict of the running transaction cached, as if it had touched something."""
    session.info.setdefault(TOUCHES, Touches())


def has_touched(session: Session) -> bool:
    """Whether the running transaction changed, or may have changed, data that verdicts depend on.

    Any change that is not flushed yet counts.
    """
    marks, loaded = session.info, session.identity_map
    if TOUCHES in marks or _ADDED in marks:
        return True
    # What is changed or deleted was loaded before, and either begins a transaction.
    if not loaded or not session.in_transaction():
        return False
    # The first is what ``session.dirty`` makes a list of.
    return loaded.check_modified() or bool(session.deleted)


def in_change() -> bool:
    """Whether the caller is in the middle of a change, which is not visible to others yet."""
    # None: nothing was asked of the database yet, and asking for the session would make one.
    session = begun_session()
    return session is not None and has_touched(session)


def written_position(session: Session) -> str | None:
    """The log position of the last commit of ``session`` that touched something."""
    found: str | None = session.info.get(_POSITION)
    return found


def watch_writes() -> None:
    """Notice the writes of every session from now on. Calling it again changes nothing."""
    if event.contains(Session, "after_flush", _after_flush):
        return
    event.listen(Session, "transient_to_pending", _after_add)
    event.listen(Session, "after_flush", _after_flush)
    event.listen(Session, "do_orm_execute", _on_execute)
    event.listen(Session, "before_commit", _before_commit)
    event.listen(Session, "after_commit", _after_commit)
    event.listen(Session, "after_rollback", _after_rollback)
    event.listen(Session, "after_transaction_end", _after_transaction)


def _touches(session: Session) -> Touches:
    found: Touches | None = session.info.get(TOUCHES)
    return Touches() if found is None else found


def _keep(session: Session, touches: Touches) -> None:
    # Being there is enough to say that something was touched.
    if touches:
        session.info[TOUCHES] = touches


def _after_add(session: Session, instance: object) -> None:
    session.info[_ADDED] = True


def _after_flush(session: Session, context: Any) -> None:
    touches = _touches(session)
    touched_by_flush(session, touches)
    _forget_rows(session, touches)
    _keep(session, touches)


def _on_execute(state: ORMExecuteState) -> None:
    if not state.is_select:
        touches = _touches(state.session)
        touched_by_statement(state, touches)
        _forget_rows(state.session, touches)
        _keep(state.session, touches)


def _forget_rows(session: Session, touches: Touches) -> None:
    if touches.gone_rows:
        forget_rows(session.connection(), touches)


def _before_commit(session: Session) -> None:
    # The tags of a savepoint are published with the rest, whether or not it is rolled back.
    if session.in_nested_transaction():
        return
    session.flush()
    touches: Touches | None = session.info.get(TOUCHES)
    if touches is None:
        return
    connection = session.connection()
    find_numbers(connection, touches)
    forget_gone(session, touches)
    subjects = touches.settled(look_up(connection, touches))
    if subjects:
        session.info[_WRITTEN] = add_events(connection, subjects)
    del session.info[TOUCHES]


def _after_commit(session: Session) -> None:
    events: list[Event] | None = session.info.pop(_WRITTEN, None)
    if not events:
        return
    outbox: Outbox | None = current_app.extensions.get(OUTBOX_EXTENSION) if current_app else None
    if outbox is not None:
        session.info[_POSITION] = outbox.publish(events)


def _after_rollback(session: Session) -> None:
    session.info.pop(TOUCHES, None)
    session.info.pop(_WRITTEN, None)


def _after_transaction(session: Session, transaction: SessionTransaction) -> None:
    # That of a flush too, and also where the session was closed.
    if not session.new:
        session.info.pop(_ADDED, None)
