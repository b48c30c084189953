"""Hooks into every SQLAlchemy session, so that no caller can forget to tell what it touched.

What is executed past the session, on a bare connection, is not seen: say it with ``touch``.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from app.core.permission.outbox.objects import touched_by_flush
from app.core.permission.outbox.publisher import OUTBOX_EXTENSION, Outbox
from app.core.permission.outbox.rows import Event, add_events, look_up
from app.core.permission.outbox.statements import touched_by_statement
from app.core.permission.outbox.touches import Touches
from app.db import db

# In ``Session.info`` while the running transaction has touched something.
TOUCHES = "yoto.touches"
_WRITTEN = "yoto.outbox"
_POSITION = "yoto.position"


def touch(session: Session, *subjects: str) -> None:
    """Publish ``subjects`` when the transaction of ``session`` is committed."""
    touches = _touches(session)
    touches.add(*subjects)
    _keep(session, touches)


def has_touched(session: Session) -> bool:
    """Whether the running transaction changed something that verdicts are made of, or may have.

    What was not flushed yet counts whatever it is.
    """
    # The last three are what session.new, .deleted and .dirty are made of, at a tenth of the cost.
    return bool(
        TOUCHES in session.info
        or session._new
        or session._deleted
        or session.identity_map._modified
    )


def in_change() -> bool:
    """Whether the caller is in the middle of a change, which nobody else can see yet."""
    return db.session.registry.has() and has_touched(db.session())


def written_position(session: Session) -> str | None:
    """Where the log has the last commit of ``session`` that touched something."""
    found: str | None = session.info.get(_POSITION)
    return found


def watch_writes() -> None:
    """Notice the writes of every session from now on. Calling it again changes nothing."""
    if event.contains(Session, "after_flush", _after_flush):
        return
    event.listen(Session, "after_flush", _after_flush)
    event.listen(Session, "do_orm_execute", _on_execute)
    event.listen(Session, "before_commit", _before_commit)
    event.listen(Session, "after_commit", _after_commit)
    event.listen(Session, "after_rollback", _after_rollback)


def _touches(session: Session) -> Touches:
    found: Touches | None = session.info.get(TOUCHES)
    return Touches() if found is None else found


def _keep(session: Session, touches: Touches) -> None:
    # Being there is enough to say that something was touched.
    if touches:
        session.info[TOUCHES] = touches


def _after_flush(session: Session, context: Any) -> None:
    touches = _touches(session)
    touched_by_flush(session, touches)
    _keep(session, touches)


def _on_execute(state: ORMExecuteState) -> None:
    if not state.is_select:
        touches = _touches(state.session)
        touched_by_statement(state, touches)
        _keep(state.session, touches)


def _before_commit(session: Session) -> None:
    # What a savepoint touched is told with the rest, whatever becomes of the savepoint.
    if session.in_nested_transaction():
        return
    session.flush()
    touches: Touches | None = session.info.get(TOUCHES)
    if touches is None:
        return
    connection = session.connection()
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
