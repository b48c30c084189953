"""The stream of platform events in Redis: one entry an event, oldest trimmed first."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import msgspec
from redis import exceptions

from yoto.redis import EXPECTED_FAILURES, RedisConnection, Script, load_script

from .types import Event, UnknownEvent, decode, encode


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may have been missed: a listener that keeps state from events reads it anew.

    Attributes:
        reason: ``start`` (the first notice of each tailer: from here on nothing is missed),
            ``trimmed`` (we were slower than the stream is long), ``lost`` (Redis lost the stream).
        after_id: id of the last event that was seen; None at the start.
    """

    reason: str
    after_id: str | None


def find_gap(before: str, after: str, info: StreamInfo) -> tuple[Gap | None, str]:
    """Whether events may be missing between two positions, and where to read on.

    Args:
        before: position before a read.
        after: id of the last event of that read; ``before`` if there was none.
        info: the ends of the stream, asked after the read.

    Redis does not say which ids were trimmed, so a stream whose first entry is newer than
    ``before`` counts as a gap even if only ``before`` itself is gone: rather one notice too many.
    """
    if position(info.last_id) < position(after):
        return Gap("lost", before), info.last_id
    if info.first_id is None:
        missed = position(info.last_id) > position(after)
        return (Gap("trimmed", before), info.last_id) if missed else (None, after)
    if before == BEGINNING:
        return (Gap("trimmed", before) if info.trimmed else None), after
    missed = position(info.first_id) > position(before)
    return (Gap("trimmed", before) if missed else None), after


log = logging.getLogger(__name__)

# The stream's name for people; its key comes from the key builder.
STREAM_NAME = "permission:events"
# Entries. About a day of a busy fleet, a few MB; a reader that is further behind gets a gap notice.
MAX_LENGTH = 10_000
# ms. A fleet that is switched off for a week has no use for older events.
TTL_MS = 7 * 24 * 3600 * 1000
# The position before the first entry of any stream.
BEGINNING = "0-0"
# Entries a read.
READ_LIMIT = 500

# ms for which the token of a published fact is remembered: far longer than any retry lasts.
ONCE_TTL_MS = 24 * 3600 * 1000

_PUBLISH = load_script("yoto.events.lua", "publish.lua")
_PUBLISH_ONCE = load_script("yoto.events.lua", "publish_once.lua")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event from the stream.

    Attributes:
        id: the entry's id; ids only grow.
        at: Redis time in ms when it was written.
        source: id of the instance that wrote it.
        event: the event; an ``UnknownEvent`` if this process does not know the type.
    """

    id: str
    at: int
    source: str
    event: Event


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """The ends of a stream.

    Attributes:
        first_id: the oldest entry that is still there; None when there is none.
        last_id: the newest entry ever written.
        trimmed: entries that were written and are gone.
    """

    first_id: str | None
    last_id: str
    trimmed: int


@dataclass
class PublishCounts:
    """Counters of publishing in this process."""

    published: int = 0
    failed: int = 0


class EventStream:
    """Writes and reads the event stream.

    ``key``, ``source``, ``max_length`` and ``ttl_ms`` are public, because scripts that write their
    own events need them. Reading raises ``StoreUnavailable`` when Redis does not respond.
    """

    def __init__(
        self,
        redis: RedisConnection,
        source: str,
        max_length: int = MAX_LENGTH,
        ttl_ms: int = TTL_MS,
    ) -> None:
        """``source`` is the id of this instance; nothing connects before the first use."""
        self._redis = redis
        self.key = redis.keys.event_stream()
        self.source = source
        self.max_length = max_length
        self.ttl_ms = ttl_ms
        self.counts = PublishCounts()
        # Failed publications since the last one that succeeded.
        self._unpublished = 0

    def publish(self, event: Event) -> str | None:
        """Append an event; returns the entry's id.

        Never raises for want of Redis: then the event is counted, and None is returned. The first
        such event of an outage is logged, and their number at its end.
        """
        return self._append(_PUBLISH, [self.key], event)

    def publish_once(self, event: Event, token: str) -> str | None:
        """Append an event unless one was appended with the same token; the id of its entry.

        For facts that are recorded elsewhere first: a caller that does not know whether an event
        arrived sends it again. None, as with ``publish``, when Redis does not take it.

        Args:
            token: names the fact; remembered for a day.
        """
        keys = [self.key, self._redis.keys.event_stream("told", token)]
        return self._append(_PUBLISH_ONCE, keys, event, ONCE_TTL_MS)

    def _append(self, script: Script, keys: list[str], event: Event, *more: int) -> str | None:
        args: list[str | bytes | int | float]
        args = [event.type, self.source, encode(event), self.max_length, self.ttl_ms, *more]
        try:
            entry_id: bytes = self._redis.scripts.run(script, keys, args)
        except EXPECTED_FAILURES as error:
            self.counts.failed += 1
            self._unpublished += 1
            if self._unpublished == 1:
                log.warning("events, such as %s, are not published now: %s", event.type, error)
            return None
        self.counts.published += 1
        if self._unpublished:
            log.warning("events are published again; %d were not", self._unpublished)
            self._unpublished = 0
        return entry_id.decode()

    def read(self, after_id: str = BEGINNING, limit: int = READ_LIMIT) -> list[StoredEvent]:
        """The events after ``after_id``, oldest first, at most ``limit``."""
        entries = self._redis.client.xrange(self.key, min=f"({after_id}", max="+", count=limit)
        return [stored_event(entry) for entry in entries]

    def read_latest(self, limit: int, before_id: str | None = None) -> list[StoredEvent]:
        """The newest events before ``before_id``, newest first."""
        newest = f"({before_id}" if before_id else "+"
        entries = self._redis.client.xrevrange(self.key, max=newest, min="-", count=limit)
        return [stored_event(entry) for entry in entries]

    def info(self) -> StreamInfo:
        """The ends of the stream now."""
        try:
            raw = self._redis.client.xinfo_stream(self.key)
        except exceptions.ResponseError as error:
            if "no such key" in str(error):
                return StreamInfo(None, BEGINNING, 0)
            raise
        first = raw["first-entry"]
        return StreamInfo(
            first_id=_text(first[0]) if first else None,
            last_id=_text(raw["last-generated-id"]),
            trimmed=raw["entries-added"] - raw["length"],
        )

    def last_id(self) -> str:
        """The id of the last entry ever written; ``"0-0"`` for none."""
        return self.info().last_id

    def clear(self, before: str | None = None) -> int:
        """Remove the entries older than the id ``before``, by default all; returns how many.

        Ids go on growing. A reader that continues from a removed entry gets a gap notice.
        """
        client = self._redis.client
        if before is None:
            return int(client.xtrim(self.key, maxlen=0, approximate=False))
        return int(client.xtrim(self.key, minid=before, approximate=False))


def position(entry_id: str) -> tuple[int, int]:
    """An id as numbers, in the order of the stream."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def stored_event(entry: Any) -> StoredEvent:
    """The event in a stream's entry."""
    entry_id, raw = entry
    fields = {_text(name): value for name, value in raw.items()}
    kind = _text(fields.get("type", b""))
    data = fields.get("data", b"null")
    at = _text(fields.get("at", b""))
    return StoredEvent(
        id=_text(entry_id),
        at=int(at) if at.isdigit() else position(_text(entry_id))[0],
        source=_text(fields.get("source", b"")),
        event=decode(kind, data if isinstance(data, bytes) else data.encode()),
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def type_of(stored: StoredEvent) -> str:
    """The type name of an event, also of one that this process does not understand."""
    event = stored.event
    return event.name if isinstance(event, UnknownEvent) else event.type


def to_plain(stored: StoredEvent) -> dict[str, Any]:
    """A stored event as JSON-ready data: ``id``, ``at``, ``source``, ``type``, ``data``.

    ``at`` is when it happened, ms since 1970; an event that is published late carries its own time.
    """
    event, kind = stored.event, type_of(stored)
    data = event.data if isinstance(event, UnknownEvent) else msgspec.to_builtins(event)
    at = getattr(event, "at_ms", 0) or stored.at
    return {"id": stored.id, "at": at, "source": stored.source, "type": kind, "data": data}
