"""Stored events: pages of them, all of them, and removing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypedDict, cast

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.auth.operators import ADMIN, VIEW
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
from yoto.extensions import events as platform
from yoto.http.acts import record_act
from yoto.http.operation import Author, Command, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT
from yoto.http.shapes import Between
from yoto.operate.live.filters import LONGEST_TYPE, MOST_TYPES, TypeFilter

LATEST_MOMENT = 10**14  # ms since 1970; some thousand years ahead, and still within an id's digits
CURSOR_LENGTH = 32
EVENTS_MAX = 500
READ = 500  # events a round trip
# The prefix of a cursor for older events; without it, the cursor is an id, and newer ones follow.
BACK = "~"
ID = r"[0-9]{1,15}-[0-9]{1,10}"
# Events about messages have a stream of their own.
ELSEWHERE = "community."
_CURSOR = re.compile(f"{BACK}?{ID}", re.ASCII)
_ID = re.compile(ID, re.ASCII)

Bound = partial(ma.fields.Integer, validate=Range(0, LATEST_MOMENT))
Since = Annotated[int | None, partial(Bound, data_key="from")]
Before = Annotated[int | None, partial(Bound, data_key="to")]
Types = Annotated[
    str,
    Length(max=MOST_TYPES * (LONGEST_TYPE + 1)),
    "With commas between; `alert.*` for all that begin so",
]

events = Subject("events", "/events", "What happened in the platform", "event", "control")


class Event(TypedDict):
    """An event."""

    id: str
    type: str
    at: int
    source: str
    data: Any


class Gap(TypedDict):
    """Events may be missing."""

    after: str
    reason: Annotated[
        str,
        OneOf(["trimmed", "lost"]),
        "trimmed: newer ones pushed them out, or somebody removed them",
    ]


class EventPage(TypedDict):
    """Some events."""

    items: list[Event]
    next: Annotated[str | None, "The `after` of the next page; null at the end"]
    gap: Annotated[Gap | None, "What came after the id `after` is not all there any more"]


class EventTypes(TypedDict):
    """Names of types."""

    items: list[str]


class Cleared(TypedDict):
    """The events that were removed."""

    up_to: str
    removed: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter on events.

    Attributes:
        types: see ``TypeFilter``.
        since, until: ms since 1970, half open; None: no bound.
    """

    types: TypeFilter
    since: int | None = None
    until: int | None = None

    def has(self, stored: StoredEvent) -> bool:
        """Whether the filter includes the event."""
        return self.types.wants(type_of(stored)) and self._in_time(stored)

    def _in_time(self, stored: StoredEvent) -> bool:
        at = position(stored.id)[0]
        too_early = self.since is not None and at < self.since
        return not too_early and (self.until is None or at < self.until)


@events.operation("GET", "", VIEW)
def list_events(
    types: Types = "",
    since: Since = None,
    until: Before = None,
    after: Annotated[
        str | None,
        Length(1, CURSOR_LENGTH),
        "`next`; or an event's id, for what came after it, in order",
    ] = None,
    limit: Annotated[int, Between(1, EVENTS_MAX)] = PAGE_DEFAULT,
) -> EventPage:
    """Stored events: the newest first, or in order from an id"""
    items, following = page(platform.stream, wanted_by(types, since, until), after, limit)
    return {"items": items, "next": following, "gap": gap_before(platform.stream, after, items)}


@events.operation("GET", "/types", VIEW)
def list_types() -> EventTypes:
    """All types of events"""
    return {"items": sorted(one for one in registered_types() if not one.startswith(ELSEWHERE))}


@events.operation("GET", "/export", VIEW, file="yoto-events.json")
def export_events(types: Types = "", since: Since = None, until: Before = None) -> Iterator[Event]:
    """All of them as one JSON array, oldest first, streamed"""
    found = _newer(platform.stream, wanted_by(types, since, until), BEGINNING)
    return (cast(Event, to_plain(stored)) for stored in found)


def _cleared(found: Cleared, **given: Any) -> list[str]:
    return [f"{found['removed']} events up to {found['up_to']} were removed."]


@events.operation(
    "POST",
    "/clear",
    ADMIN,
    Command(
        "clear-events",
        _cleared,
        "Remove history; clients that read on from before are notified of a gap.",
    ),
    body="Clear",
)
def clear_events(
    reason: Reason,
    by: Author,
    up_to: Annotated[
        str | None, Length(1, CURSOR_LENGTH), "An event's id; by default that of the newest"
    ] = None,
) -> Cleared:
    """Remove history up to an event; readers from before it get a gap"""
    found = _last_to_clear(platform.stream, up_to)
    record_act("events.clear", "events", reason=reason, after={"up_to": found, "by": by})
    return {"up_to": found, "removed": clear(platform.stream, found, by, reason)}


def wanted_by(types: str, since: int | None = None, until: int | None = None) -> Wanted:
    """The filter that the routes' parameters describe; raises as ``TypeFilter``."""
    named = [one.strip() for one in types.split(",") if one.strip()]
    return Wanted(TypeFilter(named), since, until)


def page(
    stream: EventStream, wanted: Wanted, after: str | None, limit: int
) -> tuple[list[Any], str | None]:
    """One page and the cursor of the next.

    Without ``after`` the newest come first, and the next page holds older ones. With an event's id,
    later events come in order; ``next`` leads on until there are no more.

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
    items: list[Any] = []
    for stored in found:
        if len(items) == limit:
            last = items[-1]["id"]
            return items, f"{BACK}{last}" if backwards else last
        items.append(to_plain(stored))
    return items, None


def gap_before(stream: EventStream, after: str | None, items: list[Any]) -> Gap | None:
    """Whether events between ``after`` and those that were read after it may be gone, and why.

    Args:
        after: as given to ``page``; events can only be missing if it is an event's id.
        items: the events that ``page`` returned.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    if after is None or after.startswith(BACK):
        return None
    found, _ = find_gap(after, items[-1]["id"] if items else after, stream.info())
    return None if found is None else {"after": after, "reason": found.reason}


def _last_to_clear(stream: EventStream, up_to: str | None) -> str:
    """The id up to which to clear, by default that of the newest event.

    Raises:
        ValidationFailed: ``up_to`` is no id, or one that no event has had yet.
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
    """Remove the events up to and including ``up_to``, publish that, and return how many.

    The newest event stays: a reader who has seen it has missed nothing, and must not get a gap.

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
