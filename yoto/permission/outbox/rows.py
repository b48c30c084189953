"""The outbox's rows, and the look-ups needed to write them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from yoto.permission.database.statements import group_grants, roles, table
from yoto.permission.outbox.dirty_tags import MAX_USERS, DirtyTags, Found, chunks
from yoto.store.columns import utcnow
from yoto.store.failures import lacks_tables
from yoto.store.models import OutboxEvent
from yoto.store.portable import left_usable
from yoto.store.upserts import insert_new

outbox = table(OutboxEvent)

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """A row of the outbox."""

    id: int
    subject: str


def look_up(connection: Connection, dirty: DirtyTags) -> Found:
    """The input of ``dirty.settled``: at most one statement of each kind."""
    homes: dict[int, str] = {}
    if wanted := dirty.roles_to_find:
        for ids in chunks(wanted):
            for role_id, home in connection.execute(
                select(roles.c.id, roles.c.home).where(roles.c.id.in_(ids))
            ):
                homes[role_id] = home
    holders: defaultdict[int, set[int]] = defaultdict(set)
    if dirty.groups:
        for group_id, role_id in connection.execute(
            select(group_grants.c.group_id, group_grants.c.role_id)
            .where(group_grants.c.group_id.in_(dirty.groups))
            .distinct()
        ):
            holders[group_id].add(role_id)
    return Found(homes, {key: frozenset(ids) for key, ids in holders.items()})


def find_numbers(connection: Connection, dirty: DirtyTags) -> None:
    """Touch by number the people touched by key; people without a number get one.

    Without it another transaction could number them, and load the rows that this one changes,
    between this look and the commit, which would then publish no tag for them. So the other one
    waits.

    New people get one, too, so that searches find people who are never checked.
    """
    for numbers, new in dirty.newcomers.items():
        _number_new(connection, numbers, new)
    dirty.newcomers.clear()
    for numbers, keys in dirty.keys.items():
        if len(keys) > MAX_USERS:
            dirty.everything()
            _find_gone(connection, dirty, numbers)
            continue
        for key, gone in keys.items():
            # The row as committed now, whatever the transaction saw first.
            stored = select(numbers.c.id).where(numbers.c.key == key).with_for_update()
            number = connection.scalar(stored)
            if number is None:
                # Where somebody else gives the number meanwhile, that counts.
                connection.execute(insert_new(numbers, connection.dialect), {"key": key})
                number = connection.scalar(stored)
            if number is None:
                dirty.everything()
            elif gone is None:
                dirty.user(number)
            else:
                dirty.person(number, gone, key)
    dirty.keys.clear()


def _number_new(connection: Connection, numbers: Table, keys: Iterable[Any]) -> None:
    rows = [{"key": key} for key in sorted(keys)]
    try:
        with left_usable(connection):
            connection.execute(insert_new(numbers, connection.dialect), rows)
    except DBAPIError as error:
        # An application may add its first people before these tables are made.
        if not lacks_tables(error):
            raise
        log.debug("there are no numbers yet: 'setup' gives them")


def _find_gone(connection: Connection, dirty: DirtyTags, numbers: Table) -> None:
    """As ``find_numbers``, for deleted people alone; a person without a number had nothing."""
    columns: dict[Any, list[Any]] = {}
    for key, gone in dirty.keys[numbers].items():
        if gone is not None:
            columns.setdefault(gone, []).append(key)
    for column, keys in columns.items():
        for some in chunks(keys):
            stored = select(numbers.c.key, numbers.c.id).where(numbers.c.key.in_(some))
            for key, number in connection.execute(stored.with_for_update()):
                dirty.person(number, column, key)


def add_events(connection: Connection, subjects: Sequence[str]) -> list[Event]:
    """Write one row a subject, in the transaction of ``connection``."""
    now = utcnow()
    rows = [{"subject": subject, "created_at": now} for subject in subjects]
    if connection.dialect.insert_executemany_returning_sort_by_parameter_order:
        returned = connection.execute(
            insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True), rows
        )
        ids = list(returned.scalars())
    else:
        # MySQL has no RETURNING, and reports one id a statement.
        ids = [connection.execute(insert(outbox), row).lastrowid for row in rows]
    return [Event(id_, subject) for id_, subject in zip(ids, subjects, strict=True)]


def unpublished(connection: Connection, limit: int) -> tuple[list[Event], float]:
    """The oldest rows that the log does not have, as far as the outbox knows.

    Returns:
        The rows, and for how many seconds the oldest has waited, as far as the clocks of its
        writer's host and this one agree.
    """
    found = connection.execute(
        select(outbox.c.id, outbox.c.subject, outbox.c.created_at)
        .where(outbox.c.published_at.is_(None))
        .order_by(outbox.c.id)
        .limit(limit)
    ).all()
    oldest = min((row.created_at for row in found), default=None)
    waited = 0.0 if oldest is None else (utcnow() - oldest).total_seconds()
    return [Event(row.id, row.subject) for row in found], max(0.0, waited)


def mark(connection: Connection, ids: Iterable[int], position: str) -> None:
    """Note that the log has these, at or before ``position``."""
    for chunk in chunks(ids):
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(chunk), outbox.c.published_at.is_(None))
            .values(published_at=utcnow(), position=position)
        )


def prune(connection: Connection, age: float, limit: int) -> int:
    """Delete rows published ``age`` seconds ago or more; how many.

    The newest row stays, so that no id is ever given out twice.
    """
    newest = connection.scalar(select(func.max(outbox.c.id)))
    if newest is None:
        return 0
    old = list(
        connection.scalars(
            select(outbox.c.id)
            .where(outbox.c.published_at < utcnow() - timedelta(seconds=age), outbox.c.id < newest)
            .order_by(outbox.c.published_at)
            .limit(limit)
        )
    )
    for chunk in chunks(old):
        connection.execute(delete(outbox).where(outbox.c.id.in_(chunk)))
    return len(old)


def position_of(connection: Connection, event_id: int) -> tuple[bool, str | None]:
    """Whether an event with this id was ever written, and its position once it is published."""
    newest, position = connection.execute(
        select(
            select(func.max(outbox.c.id)).scalar_subquery(),
            select(outbox.c.position).where(outbox.c.id == event_id).scalar_subquery(),
        )
    ).one()
    return newest is not None and event_id <= newest, position
