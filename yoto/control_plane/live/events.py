"""The events that are still there: pages of them, all of them, and removing them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yoto.control_plane.live.filters import TypeFilter
from yoto.errors import ValidationFailed
from yoto.events import (
    BEGINNING,
    EventsCleared,
    EventStream,
    StoredEvent,
    find_gap,
    position,
    registered_types,
    to_plain,
    type_of,
)

READ = 500  # events a round trip
# What a cursor for older events begins with; without it, it is an id and newer ones follow.
BACK = "~"
ID = r"[0-9]{1,15}-[0-9]{1,10}"
# What happens to messages has a stream of its own.
ELSEWHERE = "community."
_CURSOR = re.compile(f"{BACK}?{ID}", re.ASCII)
_ID = re.compile(ID, re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events.

    Attributes:
        types: see ``TypeFilter``.
        since, until: ms since 1970, half open; None: no bound.
    """

    types: TypeFilter
    since: int | None = None
    until: int | None = None

    def has(self, stored: StoredEvent) -> bool:
        """Whether it is one of them."""
        return self.types.wants(type_of(stored)) and self._in_time(stored)

    def _in_time(self, stored: StoredEvent) -> bool:
        at = position(stored.id)[0]
        too_early = self.since is not None and at < self.since
        return not too_early and (self.until is None or at < self.until)


def types() -> list[str]:
    """Every type of event that this version of the platform tells, by name."""
    return sorted(kind for kind in registered_types() if not kind.startswith(ELSEWHERE))


def page(
    stream: EventStream, wanted: Wanted, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page and the cursor of the next.

    Without ``after`` the newest come first, and the next page holds older ones. With an event's id,
    what came after it comes in order; ``next`` leads on until there is no more.

    Raises:
        ValidationFailed: ``after`` is neither an event's id nor a cursor.
        StoreUnavailable: Redis does not answer.
    """
    if after is not None and not _CURSOR.fullmatch(after):
        raise ValidationFailed({"after": "must be an event's id, or the 'next' of the page before"})
    backwards = after is None or after.startswith(BACK)
    if backwards:
        found = _older(stream, wanted, after[1:] if after else None)
    else:
        found = _newer(stream, wanted, after or BEGINNING)
    items: list[dict[str, Any]] = []
    for stored in found:
        if len(items) == limit:
            last = items[-1]["id"]
            return items, f"{BACK}{last}" if backwards else last
        items.append(to_plain(stored))
    return items, None


def gap_before(
    stream: EventStream, after: str | None, items: list[dict[str, Any]]
) -> dict[str, str] | None:
    """Whether events between ``after`` and those that were read after it may be gone, and why.

    Args:
        after: as ``page`` was given it; only where it is an event's id something can be missing.
        items: what ``page`` answered.

    Returns:
        ``{"after": id, "reason": "trimmed" | "lost"}``; see ``Gap``.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    if after is None or after.startswith(BACK):
        return None
    found, _ = find_gap(after, items[-1]["id"] if items else after, stream.info())
    return None if found is None else {"after": after, "reason": found.reason}


def export(stream: EventStream, wanted: Wanted) -> Iterator[str]:
    """All wanted events, oldest first, as the pieces of one JSON array.

    The first piece is ready when this returns, so that a store that is away is an error before the
    answer has begun; one that goes away later leaves the array without its end.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    found = _newer(stream, wanted, BEGINNING)
    first = next(found, None)

    def pieces() -> Iterator[str]:
        yield "["
        if first is not None:
            yield json.dumps(to_plain(first))
            for stored in found:
                yield ",\n" + json.dumps(to_plain(stored))
        yield "]\n"

    return pieces()


def last_to_clear(stream: EventStream, up_to: str | None) -> str:
    """The id up to which to clear, by default that of the newest event.

    Raises:
        ValidationFailed: it is no id, or one that no event has had yet.
        StoreUnavailable: Redis does not answer.
    """
    newest = stream.last_id()
    if up_to is None:
        return newest
    if not _ID.fullmatch(up_to):
        raise ValidationFailed({"up_to": "must be the id of an event, such as 1795532051474-0"})
    if position(up_to) > position(newest):
        raise ValidationFailed({"up_to": f"the newest event is {newest}"})
    return up_to


def clear(stream: EventStream, up_to: str, by: str, reason: str) -> int:
    """Remove the events up to and with ``up_to``, and tell so; returns how many.

    The newest one stays: who has seen it has missed nothing, and must not be told of a gap.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    milliseconds, sequence = position(up_to)
    newest = position(up_to) >= position(stream.last_id())
    removed = stream.clear(up_to if newest else f"{milliseconds}-{sequence + 1}")
    stream.publish(EventsCleared(up_to=up_to, removed=removed, by=by, reason=reason))
    return removed


def _newer(stream: EventStream, wanted: Wanted, after: str) -> Iterator[StoredEvent]:
    if wanted.since is not None and position(after)[0] < wanted.since:
        # The last id that an event of the millisecond before can have.
        after = f"{max(0, wanted.since - 1)}-{2**64 - 1}"
    while True:
        found = stream.read(after, READ)
        for stored in found:
            if wanted.until is not None and position(stored.id)[0] >= wanted.until:
                return
            if wanted.has(stored):
                yield stored
        if len(found) < READ:
            return
        after = found[-1].id


def _older(stream: EventStream, wanted: Wanted, before: str | None) -> Iterator[StoredEvent]:
    if wanted.until is not None and (before is None or position(before)[0] >= wanted.until):
        before = f"{wanted.until}-0"
    while True:
        found = stream.read_latest(READ, before)
        for stored in found:
            if wanted.since is not None and position(stored.id)[0] < wanted.since:
                return
            if wanted.has(stored):
                yield stored
        if len(found) < READ:
            return
        before = found[-1].id
