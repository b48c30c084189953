"""Reads the decision log, newest first: any filters, and a bounded part of the table each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.engine import Connection

from yoto.permission.database.statements import table
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.portable import by_index, bytes_of, unindexed

records = table(DecisionRecord)

# Columns by which records are found, each with its index.
INDEXES = {
    "request_id": f"ix_{records.name}_request_id",
    "user_id": f"ix_{records.name}_user_id_id",
    "scope": f"ix_{records.name}_scope",
    "policy_version": f"ix_{records.name}_policy_version",
    "asked": f"ix_{records.name}_asked",
    "reason": f"ix_{records.name}_reason",
    "allowed": f"ix_{records.name}_allowed",
}
WINDOW = 2_000  # records that one statement reads
WALK_SECONDS = 0.1  # after which a page ends with the records it has
# Records are stored in batches, by some workers later than by others: their ids follow the order
# of time except for this delay. A writer gives up long before.
DELAY = timedelta(hours=1)
# A list needs no other columns: contexts are long.
LISTED = [column for column in records.c if column.key not in ("context", "position", "mask_hash")]


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Conditions on records; None: any value.

    Attributes:
        user_id: the platform's number of the user.
        asked: a permission or an expression, as it was asked.
        scope: a place, as in the tables.
        request_id: our own id of the request in which it was decided.
        since, until: half open, since <= at < until.
    """

    user_id: int | None = None
    asked: str | None = None
    scope: str | None = None
    allowed: bool | None = None
    reason: str | None = None
    request_id: str | None = None
    policy_version: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class RecordPage(NamedTuple):
    """Some records, newest first.

    Attributes:
        next: the id that the next page follows; None: there are no more.
        seen_to: when the oldest record that was read was made; None: there is nothing older.
    """

    items: Sequence[Row[Any]]
    next: int | None
    seen_to: datetime | None


class Size(NamedTuple):
    """The size of the log.

    Attributes:
        rows: an upper bound, close to it.
        oldest: when the oldest record was made.
        bytes: size of the table and its indexes, as the database estimates; None: it does not.
    """

    rows: int
    oldest: datetime | None
    bytes: int | None


def page_of_records(
    connection: Connection,
    wanted: RecordFilter,
    after: int | None,
    limit: int,
    *,
    seconds: float = WALK_SECONDS,
    clock: Callable[[], float] = monotonic,
) -> RecordPage:
    """A page. It is short where filters that are each common rarely meet: it ends after
    ``seconds``, and the next one goes on where it stopped. Nothing is left out.

    Args:
        after: the ``next`` of the page before.
        limit: the most items.
    """
    deadline = clock() + seconds
    least, below = _bounds(connection, wanted, after)
    found: list[Row[Any]] = []
    while True:
        window = _narrowest(connection, wanted, least, below)
        found += connection.execute(_inside(wanted, window, limit + 1 - len(found)))
        if len(found) > limit:
            return RecordPage(found[:limit], found[limit - 1].id, found[limit - 1].at)
        if window.complete:
            return RecordPage(found, None, None)
        below = window.bottom
        if clock() >= deadline:
            # Ids have gaps.
            next_at = select(records.c.at).where(records.c.id >= below).order_by(records.c.id)
            at = connection.scalar(next_at.limit(1))
            return RecordPage(found, below, at)


def record_of(connection: Connection, record_id: int) -> Row[Any] | None:
    """One record with all its columns; None: it does not exist, or no longer."""
    return connection.execute(select(records).where(records.c.id == record_id)).one_or_none()


def size_of(connection: Connection) -> Size:
    """The size of the log, without counting it."""
    newest = connection.scalar(select(func.max(records.c.id)))
    oldest = connection.scalar(select(func.min(records.c.id)))
    if newest is None or oldest is None:
        return Size(0, None, bytes_of(connection, records))
    at = connection.scalar(select(records.c.at).where(records.c.id == oldest))
    return Size(newest - oldest + 1, at, bytes_of(connection, records))


class _Window(NamedTuple):
    """Ids from ``bottom`` to below ``below``, for one value of ``column`` (None: for all)."""

    column: str | None
    bottom: int
    below: int
    complete: bool


def _narrowest(connection: Connection, wanted: RecordFilter, least: int, below: int) -> _Window:
    """The window that reaches back furthest: the column whose value is the rarest there."""
    columns = [name for name in INDEXES if getattr(wanted, name) is not None]
    best = _Window(None, max(least, below - WINDOW), below, below - WINDOW <= least)
    if len(columns) == 1 and wanted.since is None and wanted.until is None:
        # Every record in the index is wanted.
        return _Window(columns[0], least, below, True)
    if not columns and wanted.since is None and wanted.until is None:
        return _Window(None, least, below, True)
    for name in columns:
        last = connection.scalar(
            by_index(select(records.c.id), records, INDEXES[name])
            .where(records.c[name] == getattr(wanted, name))
            .where(records.c.id >= least, records.c.id < below)
            .order_by(records.c.id.desc())
            .offset(WINDOW - 1)
            .limit(1)
        )
        if last is None:
            return _Window(name, least, below, True)
        if last < best.bottom or best.column is None:
            best = _Window(name, last, below, last <= least)
    return best


def _inside(wanted: RecordFilter, window: _Window, limit: int) -> Select[Any]:
    """The newest wanted records in a window."""
    statement = select(*LISTED).where(records.c.id >= window.bottom, records.c.id < window.below)
    for one in fields(wanted):
        value = getattr(wanted, one.name)
        if value is None:
            continue
        if one.name == "since":
            statement = statement.where(records.c.at >= value)
        elif one.name == "until":
            statement = statement.where(records.c.at < value)
        elif one.name == window.column:
            statement = statement.where(records.c[one.name] == value)
        else:
            statement = statement.where(
                unindexed(records.c[one.name], type_=records.c[one.name].type) == value
            )
    if window.column is not None:
        statement = by_index(statement, records, INDEXES[window.column])
    return statement.order_by(records.c.id.desc()).limit(limit)


def _bounds(connection: Connection, wanted: RecordFilter, after: int | None) -> tuple[int, int]:
    """Ids outside of which no record is wanted: the least, and one above the largest."""
    newest = connection.scalar(select(func.max(records.c.id))) or 0
    least = connection.scalar(select(func.min(records.c.id))) or 0
    below = newest + 1 if after is None else min(after, newest + 1)
    if wanted.since is not None:
        before = (
            select(records.c.id)
            .where(records.c.at < wanted.since - DELAY)
            .order_by(records.c.at.desc())
            .limit(1)
        )
        least = max(least, connection.scalar(before) or 0)
    if wanted.until is not None:
        behind = (
            select(records.c.id)
            .where(records.c.at >= wanted.until + DELAY)
            .order_by(records.c.at)
            .limit(1)
        )
        below = min(below, connection.scalar(behind) or below)
    return least, below
