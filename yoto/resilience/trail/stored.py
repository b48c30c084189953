"""Trails of the whole fleet in Redis: every process adds its calls once a second.

They are bounded by number and by age. When a guard is so busy that its trail is full, the trail
reaches less far back; within that stretch nothing is left out, so that a replay sees each caller as
often as the guard did.
"""

from __future__ import annotations

import logging
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from yoto.redis import REDIS_UNAVAILABLE, ServerClock, load_script

from ..config_store import Kind
from ..runtime import Runtime
from .calls import (
    MOST_IN_PROCESS,
    BreakerCall,
    Call,
    LimitedCall,
    Noted,
    PlainKey,
    SlotCall,
    Trail,
    breaker_call,
    limited_call,
    slot_call,
)

log = logging.getLogger(__name__)

# s. The last minutes; calls of an hour ago say little about a limit of today.
KEPT_FOR = 600.0
# Calls of one guard over all processes: some 300 kB of Redis, and a dry run below half a second.
MOST_CALLS = 10_000
# s between reports of a process.
REPORT_EVERY = 1.0
# Callers that a limit refused: the most that one report names, and that are counted at a time.
MAX_REFUSED_REPORTED, REFUSED_KEPT = 5, 1_000

_LUA = "yoto.resilience.trail.lua"
_APPEND = load_script(_LUA, "trail_append.lua")
_READ = load_script(_LUA, "trail_read.lua")
_HEAD = struct.Struct("<Id")

Guard: TypeAlias = tuple[Kind, str]

_DECODERS: dict[Kind, msgspec.msgpack.Decoder[Any]] = {
    Kind.RATE_LIMIT: msgspec.msgpack.Decoder(list[LimitedCall]),
    Kind.CIRCUIT_BREAKER: msgspec.msgpack.Decoder(list[BreakerCall]),
    Kind.BULKHEAD: msgspec.msgpack.Decoder(list[SlotCall]),
}
_chunks = msgspec.msgpack.Decoder(tuple[str, bool, msgspec.Raw])


class TrailReading(NamedTuple):
    """The known calls of a guard.

    Attributes:
        calls: by the time they came.
        until: when this was read, Redis seconds, as the times of the calls.
        complete: False when a process was too busy to report all its calls.
        sources: the processes that reported them.
        fleet: whether it covers all processes; else only this one, since Redis is unavailable.
    """

    calls: list[Any]
    until: float
    complete: bool
    sources: frozenset[str]
    fleet: bool


class StoredTrails:
    """Collects the trails of this process's guards, and reads those of all processes."""

    def __init__(self, runtime: Runtime, clock: ServerClock) -> None:
        self._runtime = runtime
        self._clock = clock
        self._watched: list[tuple[Guard, Trail]] = []
        # Calls that Redis does not have yet.
        self._backlog: dict[Guard, deque[Call]] = {}
        self._lost: set[Guard] = set()
        # The callers that each limit refused since the last report.
        self._refused: dict[str, Counter[PlainKey]] = {}
        self._lock = threading.Lock()

    def watch(self, kind: Kind, name: str, trail: Trail) -> None:
        """Report this guard's calls from now on."""
        self._watched.append(((kind, name), trail))

    def report(self) -> float:
        """Send new calls to Redis; call it again after the seconds that it returns."""
        with self._lock:
            self._collect()
            waiting = [(guard, list(calls)) for guard, calls in self._backlog.items() if calls]
            if waiting and self._report(waiting):
                for guard, _ in waiting:
                    self._backlog[guard].clear()
                    self._lost.discard(guard)
        return REPORT_EVERY

    def take_refused(self, name: str) -> list[tuple[PlainKey, int]]:
        """The callers that this limit refused most here, and how often, since the last call."""
        with self._lock:
            self._collect()
            return self._refused.pop(name, Counter()).most_common(MAX_REFUSED_REPORTED)

    def read(self, kind: Kind, name: str, seconds: float = KEPT_FOR) -> TrailReading:
        """The calls that came in the last ``seconds``, those known to this process included."""
        self.report()
        guard = (kind, name)
        until = self._clock.now_ms() / 1000
        try:
            chunks = self._runtime.scripts.run(_READ, (self._keys(guard)[0],), (0,))
        except REDIS_UNAVAILABLE as error:
            log.debug("only the trail of this process is known: %s", error)
            with self._lock:
                calls = list(self._backlog.get(guard, ()))
                complete = guard not in self._lost
            own = frozenset({self._runtime.events.source})
            return TrailReading(_within(calls, until - seconds), until, complete, own, fleet=False)
        return _reading(kind, chunks, until, seconds)

    def latest(self, guards: Sequence[Guard], chunks: int) -> list[TrailReading]:
        """The last few reports of each of these guards, in one round trip.

        Raises:
            StoreUnavailable: the errors of script calls.
        """
        self.report()
        until = self._clock.now_ms() / 1000
        calls = [(_READ, (self._keys(guard)[0],), (-chunks,)) for guard in guards]
        replies = self._runtime.scripts.run_many(calls) if calls else []
        return [
            _reading(kind, found, until, KEPT_FOR)
            for (kind, _), found in zip(guards, replies, strict=True)
        ]

    def _collect(self) -> None:
        """Move the calls that guards noted into the backlog, by Redis time."""
        offset = self._clock.now_ms() / 1000 - self._runtime.clock()
        for guard, trail in self._watched:
            calls, lost = trail.take()
            if not calls:
                continue
            backlog = self._backlog.setdefault(guard, deque(maxlen=MOST_IN_PROCESS))
            if lost or len(backlog) + len(calls) > MOST_IN_PROCESS:
                self._lost.add(guard)
            shape = _SHAPES[guard[0]]
            found = [shape(offset, call) for call in calls]
            backlog.extend(found)
            if guard[0] is Kind.RATE_LIMIT:
                self._note_refused(guard[1], found)

    def _note_refused(self, name: str, calls: Sequence[Call]) -> None:
        refused = self._refused.setdefault(name, Counter())
        for call in calls:
            if isinstance(call, LimitedCall) and not call.allowed and call.cost > 0:
                refused[call.key] += 1
        if len(refused) > REFUSED_KEPT:
            self._refused[name] = Counter(dict(refused.most_common(REFUSED_KEPT // 2)))

    def _report(self, waiting: list[tuple[Guard, list[Call]]]) -> bool:
        ttl_ms = int(KEPT_FOR * 1000)
        source = self._runtime.events.source
        scripts = []
        for guard, calls in waiting:
            body = msgspec.msgpack.encode((source, guard in self._lost, calls))
            chunk = _HEAD.pack(len(calls), max(call.at for call in calls)) + body
            scripts.append((_APPEND, self._keys(guard), (chunk, MOST_CALLS, ttl_ms)))
        try:
            self._runtime.scripts.run_many(scripts)
        except REDIS_UNAVAILABLE as error:
            log.debug("trails of %d guards are told later: %s", len(waiting), error)
            return False
        return True

    def _keys(self, guard: Guard) -> tuple[str, str]:
        keys = self._runtime.keys
        tag = ("trail", guard[0].value, guard[1])
        return keys.tagged(tag), keys.tagged(tag, "n")


_SHAPES: dict[Kind, Callable[[float, Noted], Call]] = {
    Kind.RATE_LIMIT: limited_call,
    Kind.CIRCUIT_BREAKER: breaker_call,
    Kind.BULKHEAD: slot_call,
}


def _reading(kind: Kind, chunks: Sequence[bytes], until: float, seconds: float) -> TrailReading:
    calls: list[Any] = []
    sources: set[str] = set()
    complete = True
    for chunk in chunks:
        source, lost, raw = _chunks.decode(chunk[_HEAD.size :])
        found = _within(_DECODERS[kind].decode(raw), until - seconds)
        if found:
            calls += found
            sources.add(source)
            complete = complete and not lost
    calls.sort(key=_came)
    return TrailReading(calls, until, complete, frozenset(sources), fleet=True)


def _within(calls: Sequence[Call], since: float) -> list[Call]:
    return [call for call in calls if call.at >= since]


def _came(call: Call) -> float:
    return call.at
