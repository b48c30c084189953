"""Requests of a process that want to lock the same rows take turns before they take a connection.

The database makes them wait for one another anyway, but each on a connection of its own: a crowd at
one row would leave none for others.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import TimeoutError as TurnTimeout
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, scoped_session

from yoto.deadlines import check_deadline, left_of
from yoto.fifo_lock import FifoLock
from yoto.store.time_limits import LOCK_SECONDS

# In ``Session.info``: the line that this session heads, and whether it has a connection.
_LINE = "yoto.line"
_CONNECTED = "yoto.connected"
# An attribute of a class of sessions that take turns.
_TAKES_TURNS = "_yoto_takes_turns"

fifo_lock = FifoLock()


def take_turns(sessions: scoped_session[Any]) -> None:
    """Make transactions that begin by locking rows take turns, where they run one statement with
    the same values, in the order in which they came.

    A caller with a connection may already hold locks that the head of the line waits for: it
    takes no turn, and the database decides. A turn that does not come within ``LOCK_SECONDS``
    raises SQLAlchemy's ``TimeoutError``, as a pool does whose connections stay in use.
    """
    # The class that listeners are kept at; ``event.contains`` goes by ids, which are used again.
    class_ = getattr(sessions.session_factory, "class_", sessions.session_factory)
    if _TAKES_TURNS in vars(class_):
        return  # another application of this process works with the same sessions
    setattr(class_, _TAKES_TURNS, True)
    event.listen(sessions, "do_orm_execute", _before_statement)
    event.listen(sessions, "after_begin", _after_begin)
    event.listen(sessions, "after_transaction_end", _after_end)


def _before_statement(state: ORMExecuteState) -> None:
    session = state.session
    if getattr(state.statement, "_for_update_arg", None) is None:
        return
    if _CONNECTED in session.info or _LINE in session.info:
        return
    line = _line_of(state)
    if not fifo_lock.enter(line, left_of(LOCK_SECONDS)):
        check_deadline()
        raise TurnTimeout(f"others kept the rows locked for {LOCK_SECONDS} s")
    session.info[_LINE] = line
    if not session.in_transaction():
        session.begin()  # its end is the end of the turn, even if no connection can be had


def _line_of(state: ORMExecuteState) -> str:
    statement: Any = state.statement
    compiled = statement.compile()
    given = state.parameters if isinstance(state.parameters, dict) else {}
    return f"{compiled} {sorted((compiled.params | given).items())}"


def _after_begin(session: Session, _: SessionTransaction, connection: Connection) -> None:
    session.info[_CONNECTED] = True


def _after_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    session.info.pop(_CONNECTED, None)
    line = session.info.pop(_LINE, None)
    if line is not None:
        fifo_lock.leave(line)
