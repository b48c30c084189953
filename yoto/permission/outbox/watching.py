"""Hooks into every SQLAlchemy session, so that no caller can forget to publish its changes.

A statement past the session, on a bare connection, is not seen: report it by ``mark_dirty``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from weakref import WeakSet

from flask import current_app
from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, attributes
from sqlalchemy.orm.base import PassiveFlag

from yoto.deadlines import ending
from yoto.permission.outbox.dirty_tags import DirtyTags
from yoto.permission.outbox.forgetting import forget_gone, forget_rows
from yoto.permission.outbox.publisher import OUTBOX_EXTENSION, Outbox
from yoto.permission.outbox.rows import Event, add_events, find_numbers, look_up
from yoto.permission.outbox.rules import Act, Row, Rule, rule_of
from yoto.permission.outbox.statements import collect_statement
from yoto.store.columns import Model
from yoto.store.db import begun_session
from yoto.store.failures import lacks_tables
from yoto.store.models import AuditRecord
from yoto.store.portable import left_usable

log = logging.getLogger(__name__)

# The engines on databases that were found to have the tables; they are not expected to go.
_SET_UP: WeakSet[Engine] = WeakSet()


@contextmanager
def unless_not_set_up(connection: Connection) -> Iterator[None]:
    """A block that has nothing to do where none of the platform's tables exists.

    Before ``setup`` there is no right that a change could end, no verdict to forget, and nothing
    to publish; an application that embeds the platform writes its rows meanwhile. Where a single
    table is missing, or none can be asked for, the error stays.
    """
    seen = connection.engine in _SET_UP
    try:
        with nullcontext() if seen else left_usable(connection):
            yield
    except DBAPIError as error:
        if not lacks_tables(error) or seen or _some_are_there(connection):
            raise
        log.debug("there are no tables yet, and so nothing to publish: 'setup' makes them")


def _some_are_there(connection: Connection) -> bool:
    return not Model.metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


def collect_flush(session: Session, dirty: DirtyTags) -> None:
    """Add the tags of the flush that has just happened; new rows have their ids by now."""
    for thing in session.new:
        if rule := _rule_of(thing):
            rule.apply(dirty, Act.INSERT, _row(thing, rule))
    for thing in session.deleted:
        if rule := _rule_of(thing):
            _both(dirty, Act.DELETE, rule, thing)
    for thing in session.dirty:
        rule = _rule_of(thing)
        if rule and any(_changed(thing, column) for column in rule.columns):
            _both(dirty, Act.UPDATE, rule, thing)


def _rule_of(thing: object) -> Rule | None:
    return rule_of(inspect(thing).mapper.local_table)


def _both(dirty: DirtyTags, act: Act, rule: Rule, thing: Any) -> None:
    """The row as it was and as it is: a grant that moved makes the roles of both dirty."""
    now = _row(thing, rule)
    before = dict(now)
    for key in rule.keys:
        deleted = attributes.get_history(thing, key, PassiveFlag.PASSIVE_NO_FETCH).deleted
        if deleted:
            before[key] = deleted[0]
    rule.apply(dirty, act, before)
    if now != before:
        rule.apply(dirty, act, now)


def _row(thing: Any, rule: Rule) -> Row:
    loaded = inspect(thing).dict
    return {key: loaded.get(key) for key in rule.keys}


def _changed(thing: Any, column: str) -> bool:
    return attributes.get_history(thing, column, PassiveFlag.PASSIVE_NO_FETCH).has_changes()


# In ``Session.info`` while the running transaction has changed something.
DIRTY_TAGS = "yoto.dirty_tags"
# In ``Session.info`` while there may be objects that were added and not flushed. Events set it,
# since looking would double the cost of each check.
_ADDED = "yoto.added"
_WRITTEN = "yoto.outbox"
_POSITION = "yoto.position"
# Whether the running transaction is to change something.
_ACTS = "yoto.acts"
# The audit records that the running transaction has written, in savepoints too.
_RECORDS = "yoto.records"


def mark_dirty(session: Session, *subjects: str) -> None:
    """Publish ``subjects`` when the transaction of ``session`` is committed."""
    dirty = _dirty_tags(session)
    dirty.add(*subjects)
    _keep(session, dirty)


def keep_from_caches(session: Session) -> None:
    """Have no verdict of the running transaction cached, as if it had changed something."""
    session.info.setdefault(DIRTY_TAGS, DirtyTags())


def has_dirty_tags(session: Session) -> bool:
    """Whether the running transaction changed, or may have changed, data that verdicts depend on.

    Any change that is not flushed yet counts.
    """
    marks, loaded = session.info, session.identity_map
    if DIRTY_TAGS in marks or _ADDED in marks:
        return True
    # Changed and deleted objects were loaded before, and either begins a transaction.
    if not loaded or not session.in_transaction():
        return False
    # ``check_modified`` asks for what ``session.dirty`` makes a list of.
    return loaded.check_modified() or bool(session.deleted)


def in_change() -> bool:
    """Whether the caller is in the middle of a change, which is not visible to others yet."""
    # None: the database was not used yet, and asking for the session would make one.
    session = begun_session()
    return session is not None and has_dirty_tags(session)


def written_position(session: Session) -> str | None:
    """The log position of the last commit of ``session`` that changed something."""
    found: str | None = session.info.get(_POSITION)
    return found


def note_act(session: Session) -> None:
    """The running transaction means to change something, even if another one did so already."""
    session.info[_ACTS] = True


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


def _dirty_tags(session: Session) -> DirtyTags:
    found: DirtyTags | None = session.info.get(DIRTY_TAGS)
    return DirtyTags() if found is None else found


def _keep(session: Session, dirty: DirtyTags) -> None:
    # An empty set of tags says already that something was changed.
    if dirty:
        session.info[DIRTY_TAGS] = dirty


def _after_add(session: Session, instance: object) -> None:
    session.info[_ADDED] = True


def _after_flush(session: Session, context: Any) -> None:
    records = [one for one in session.new if isinstance(one, AuditRecord)]
    if records:
        session.info.setdefault(_RECORDS, []).extend(records)
    dirty = _dirty_tags(session)
    collect_flush(session, dirty)
    _forget_rows(session, dirty)
    _keep(session, dirty)


def _on_execute(state: ORMExecuteState) -> None:
    if not state.is_select:
        dirty = _dirty_tags(state.session)
        collect_statement(state, dirty)
        _forget_rows(state.session, dirty)
        _keep(state.session, dirty)


def _forget_rows(session: Session, dirty: DirtyTags) -> None:
    if dirty.gone_rows:
        connection = session.connection()
        with unless_not_set_up(connection):
            forget_rows(connection, dirty)


def _before_commit(session: Session) -> None:
    # The tags of a savepoint are published with the rest, whether or not it is rolled back.
    if session.in_nested_transaction():
        return
    session.flush()
    dirty: DirtyTags | None = session.info.get(DIRTY_TAGS)
    if dirty is None:
        return
    connection = session.connection()
    with ending(), unless_not_set_up(connection):
        find_numbers(connection, dirty)
        forget_gone(session, dirty)
        subjects = dirty.settled(look_up(connection, dirty))
        if subjects:
            session.info[_WRITTEN] = add_events(connection, subjects)
            _SET_UP.add(connection.engine)
    del session.info[DIRTY_TAGS]


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: its writes are published with the rest
    events: list[Event] | None = session.info.pop(_WRITTEN, None)
    written: list[AuditRecord] = session.info.pop(_RECORDS, [])
    acted: bool = session.info.pop(_ACTS, False)
    outbox: Outbox | None = current_app.extensions.get(OUTBOX_EXTENSION) if current_app else None
    if outbox is None:
        return
    if not events:
        if acted and (found := outbox.covering()) is not None:
            session.info[_POSITION] = found
        return
    # A row that a savepoint took back does not exist, and has no identity.
    keys = (inspect(one).identity for one in written)
    records = [key[0] for key in keys if key is not None]
    with ending():
        session.info[_POSITION] = outbox.publish(events, records)


def _after_rollback(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: writes before it stay
    session.info.pop(DIRTY_TAGS, None)
    session.info.pop(_WRITTEN, None)
    session.info.pop(_RECORDS, None)
    session.info.pop(_ACTS, None)


def _after_transaction(session: Session, transaction: SessionTransaction) -> None:
    # After a flush, too, and where the session was closed.
    if not session.new:
        session.info.pop(_ADDED, None)
