"""Statistics of a queue, from the counters in Redis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any

import msgspec

# The ring of kind.lua: ms of one sum, and the sums in a rate, including the running one.
STRETCH_MS = 2000
STRETCHES_READ = 6
COMPLETE_MS = (STRETCHES_READ - 1) * STRETCH_MS
# s between two signs of life of a process, at most.
BEAT = 5.0
# Six missed signs of life. The last process is never removed from the list, and items that only it
# could handle would wait unnoticed.
SILENT = 6 * BEAT


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Counters of the items of one kind, in all processes, since its queue was made.

    Exact: ``enqueued + redriven == handled + dead + length``, and ``delivered == handled + failed +
    lapsed + in_flight``, at every moment.

    Attributes:
        enqueued: items put in, without ``repeated`` ones, whose key was known.
        delivered: tries begun.
        handled: items done.
        failed: tries that ended in an error, or took too long.
        retried: failed tries that were to be repeated.
        postponed: retried ones that used up no try, since a store was unavailable.
        lapsed: tries whose consumer died or stood still.
        dead: items that became dead letters.
        redriven: dead letters put back as new items.
        forgotten: dead letters thrown away because there were too many.
        discarded: dead letters that an operator threw away.
        duplicates: items that were handled by a consumer that no longer had them: their handler has
            run, or will run, more than once.
        late_failures: such items whose late handler failed.
        repeated: items that were not put in because their key was known.
    """

    enqueued: int = 0
    delivered: int = 0
    handled: int = 0
    failed: int = 0
    retried: int = 0
    postponed: int = 0
    lapsed: int = 0
    dead: int = 0
    redriven: int = 0
    forgotten: int = 0
    discarded: int = 0
    duplicates: int = 0
    late_failures: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """Numbers of items at one moment; ``length`` is ``waiting + in_flight + delayed``."""

    length: Annotated[int, "Not done"]
    waiting: Annotated[int, "Not tried yet"]
    in_flight: Annotated[int, "Handlers have them now"]
    delayed: Annotated[int, "For another try"]
    dead: Annotated[int, "Dead letters kept"]
    oldest_age: Annotated[float | None, "s since the oldest was enqueued"]
    inflow: Annotated[float, "Items a second, over the last ten seconds"]
    processing: Annotated[float, "Items a second, done or dead"]


@dataclass(frozen=True, slots=True)
class KindStats(Amounts):
    """The queue of one kind.

    Attributes:
        consumers: items in flight by consumer, also of consumers that died.
    """

    counts: KindCounts
    consumers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ConsumerStats:
    """The last report of a process about itself."""

    silent_for: Annotated[float, "s since it said so"]
    workers: Annotated[int, "Threads that call handlers"]
    busy: Annotated[int, "Calls of handlers that run"]
    abandoned: Annotated[int, "Threads whose handler is beyond its limit"]
    kinds: Annotated[tuple[str, ...], "What it has handlers for"]
    in_flight: Annotated[int, "Items that it has now"]


@dataclass(frozen=True, slots=True)
class QueueStats(Amounts):
    """All kinds together, and each.

    Attributes:
        kinds: by name.
        consumers: processes that did not report their end, by name.
        unserved: kinds with items that no living process has a handler for.
    """

    kinds: Mapping[str, KindStats]
    consumers: Mapping[str, ConsumerStats]
    unserved: tuple[str, ...]

    @property
    def served(self) -> frozenset[str]:
        """The kinds that a recently heard process handles."""
        return served_by(self.consumers.values())


def served_by(consumers: Iterable[ConsumerStats]) -> frozenset[str]:
    """The kinds that the recently heard ones of the consumers handle."""
    return frozenset(kind for one in consumers if one.silent_for <= SILENT for kind in one.kinds)


class About(msgspec.Struct):
    """The report of a process about itself."""

    workers: int
    busy: int
    abandoned: int
    kinds: tuple[str, ...]


def parse(kinds: Sequence[str], reply: Sequence[Any]) -> QueueStats:
    """Read the reply of ``stats.lua`` for ``kinds``."""
    now, counters, *of_kinds = reply
    found = {kind: _kind(part, now) for kind, part in zip(kinds, of_kinds, strict=True)}
    consumers = {
        name.decode(): _consumer(name.decode(), value, now, found.values())
        for name, value in _pairs(counters)
    }
    served = served_by(consumers.values())
    ages = [one.oldest_age for one in found.values() if one.oldest_age is not None]
    return QueueStats(
        length=sum(one.length for one in found.values()),
        waiting=sum(one.waiting for one in found.values()),
        in_flight=sum(one.in_flight for one in found.values()),
        delayed=sum(one.delayed for one in found.values()),
        dead=sum(one.dead for one in found.values()),
        oldest_age=max(ages, default=None),
        inflow=sum(one.inflow for one in found.values()),
        processing=sum(one.processing for one in found.values()),
        kinds=found,
        consumers=consumers,
        unserved=tuple(name for name, one in found.items() if one.length and name not in served),
    )


def rate(sums: Mapping[str, bytes], name: str, now: int) -> float:
    """Items a second, from the ring of sums called ``name``.

    Args:
        sums: ``"in:3"`` to ``b"<number of its stretch> <sum>"``, among other things.
        now: ms.
    """
    running = now // STRETCH_MS
    total = 0
    for field, value in sums.items():
        if field.partition(":")[0] == name and ":" in field:
            stretch, amount = map(int, value.split())
            # A count from the future was made before the clock was set back.
            if running - STRETCHES_READ < stretch <= running:
                total += amount
    return total / (COMPLETE_MS + now % STRETCH_MS) * 1000


def _kind(part: Sequence[Any], now: int) -> KindStats:
    length, in_flight, delayed, dead, oldest, counted, pending = part
    counts = {name.decode(): value for name, value in _pairs(counted)}
    return KindStats(
        length=length,
        waiting=length - in_flight - delayed,
        in_flight=in_flight,
        delayed=delayed,
        dead=dead,
        oldest_age=max(0, now - int(oldest.partition(b"-")[0])) / 1000 if oldest else None,
        inflow=rate(counts, "in", now),
        processing=rate(counts, "out", now),
        counts=KindCounts(**{one.name: int(counts.get(one.name, 0)) for one in fields(KindCounts)}),
        consumers={name.decode(): number for name, number in _pairs(pending) if number},
    )


def _consumer(name: str, value: bytes, now: int, kinds: Iterable[KindStats]) -> ConsumerStats:
    at, _, text = value.partition(b" ")
    about = msgspec.json.decode(text, type=About)
    return ConsumerStats(
        silent_for=max(0, now - int(at)) / 1000,
        workers=about.workers,
        busy=about.busy,
        abandoned=about.abandoned,
        kinds=about.kinds,
        in_flight=sum(one.consumers.get(name, 0) for one in kinds),
    )


def _pairs(flat: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)
