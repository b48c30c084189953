"""Reads the records of all workers from Redis."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import msgspec

from yoto.redis import RedisConnection, ServerClock

from ..history import Point, Resolution
from .interface import WorkerState, WorkerStatus
from .layout import Flat, MonitorKeys, host_of, is_rising, name_in, pid_of, to_gauges, to_point

_unpack = msgspec.msgpack.Decoder().decode

Signs: TypeAlias = Callable[[], Mapping[str, float]]

# Points read by a command: some 300 KB, which a server on the same network sends well in time.
AT_ONCE = 200
# s after which a worker that delivers every second counts as silent.
SILENT_AFTER = 5.0


class Archive:
    """Without Redis every call raises ``StoreUnavailable`` or ``redis.exceptions.RedisError``."""

    def __init__(
        self,
        redis: RedisConnection,
        keys: MonitorKeys,
        clock: ServerClock,
        interval: float,
        signs: Signs,
    ) -> None:
        """Redis is not used yet.

        Args:
            interval: seconds between the deliveries of a worker.
            signs: by worker, seconds since its last sign of life other than a delivery.
        """
        self._signs = signs
        self._redis = redis
        self._keys = keys
        self._clock = clock
        self._interval = interval
        self._numbering = _Numbering(0, {})
        self._past: frozenset[int] = frozenset()

    def points(
        self,
        resolution: Resolution,
        since: float,
        until: float,
        only: Collection[str] | None = None,
    ) -> list[Point]:
        """The points that begin in [since, until), oldest first; ``only``: metrics of these names.

        Parsing points takes CPU time, one second for a day of minutes, so other threads get their
        turn in between.
        """
        oldest = self._clock.now() - resolution.keep - resolution.seconds
        first = math.ceil(max(since, oldest) / resolution.seconds)
        end = math.ceil(min(until, self._clock.now() + resolution.seconds) / resolution.seconds)
        if first >= end:
            return []
        numbering = self._numbering_of(())
        chosen = numbering.of(only)
        found: list[Point] = []
        for at, stored in self._stored(resolution, range(first, end)):
            latest = self._numbering_of([stored])
            if latest is not numbering:
                numbering, chosen = latest, latest.of(only)
            found.append(chosen.point(at, resolution.seconds, stored))
        return found

    def sums(self, resolution: Resolution, since: Sequence[float]) -> list[Point]:
        """For each of ``since`` the sum of all points that begin then or later, as a point without
        length.

        Numbers are added up before cells are named, which takes a tenth of the time.
        """
        first = math.ceil(min(since) / resolution.seconds)
        end = math.ceil(self._clock.now() / resolution.seconds) + 1
        stored = list(self._stored(resolution, range(first, end)))
        numbering = self._numbering_of([flat for _, flat in stored])
        return [
            numbering.point(0, 0, *(flat for at, flat in stored if at >= start)) for start in since
        ]

    def _stored(self, resolution: Resolution, numbers: range) -> Iterator[tuple[int, Flat]]:
        """The stored points: the time at which each begins, its generation, and its numbers."""
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            packed = self._redis.client.mget(self._keys.points(resolution, some))
            for number, one in zip(some, packed, strict=True):
                if one is not None:
                    yield number * resolution.seconds, _unpack(one)
            time.sleep(0)

    def totals(self, host: str) -> Point:
        """The sums of a host since the store began."""
        packed = self._redis.client.get(self._keys.totals(host))
        if packed is None:
            return Point(0, 0)
        stored = _unpack(packed)
        return self._numbering_of([stored]).point(0, 0, stored)

    def workers(self) -> list[WorkerStatus]:
        """The workers heard within a day, the most recent first."""
        stored = self._redis.client.hgetall(self._keys.workers)
        found = [
            self._worker(name.decode(), _unpack(stored_gauges))
            for name, stored_gauges in stored.items()
        ]
        if any(worker.state is WorkerState.SILENT for worker in found):
            signs = self._signs()
            found = [self._by_sign(worker, signs.get(worker.id)) for worker in found]
        return sorted(found, key=lambda worker: worker.silent_for)

    def _worker(self, name: str, stored_gauges: Any) -> WorkerStatus:
        _, heard_ms, ended, gauges, *rest = stored_gauges
        # The end of the last delivery's records, which is earlier than the delivery if that waited.
        until_ms = rest[0] if rest else heard_ms
        silent_for = max(0.0, self._clock.now() - heard_ms / 1000)
        state = WorkerState.ALIVE
        if ended:
            state = WorkerState.ENDED
        elif silent_for > max(SILENT_AFTER, 3 * self._interval):
            state = WorkerState.SILENT
        unreported = 0.0
        if state is WorkerState.SILENT:
            unreported = self._interval + (heard_ms - until_ms) / 1000
        return WorkerStatus(
            name, host_of(name), pid_of(name), state, silent_for, unreported, to_gauges(gauges)
        )

    def _by_sign(self, worker: WorkerStatus, since_sign: float | None) -> WorkerStatus:
        """The status of a silent worker, extended by signs of life after its last delivery."""
        if worker.state is not WorkerState.SILENT or since_sign is None:
            return worker
        lived_on = worker.unreported - self._interval + worker.silent_for - since_sign
        return replace(worker, unreported=max(worker.unreported, lived_on))

    def _numbering_of(self, stored: Sequence[Flat]) -> _Numbering:
        """The numbering of all these points, read again only where it differs.

        Within a generation no number ever changes its meaning, and one that was followed by
        another never comes back.
        """
        is_known = map(self._is_known, stored) if stored else [self._numbering.generation > 0]
        if not all(is_known):
            numbering = self._read_numbering()
            gone = {flat[0] for flat in stored} - {numbering.generation}
            self._numbering, self._past = numbering, self._past | gone
        return self._numbering

    def _is_known(self, flat: Flat) -> bool:
        generation, numbering = flat[0], self._numbering
        if generation != numbering.generation:
            return generation in self._past
        return all(map(numbering.cells.__contains__, flat[1::2]))

    def _read_numbering(self) -> _Numbering:
        stored = self._redis.client.hgetall(self._keys.numbers)
        generation = int(stored.pop(b"", 0))
        return _Numbering(generation, {int(n): cell.decode() for cell, n in stored.items()})


class _Numbering(NamedTuple):
    generation: int
    cells: dict[int, str]

    def of(self, only: Collection[str] | None) -> _Numbering:
        """The cells of metrics with these names; None: all."""
        if only is None:
            return self
        return self._replace(
            cells={number: cell for number, cell in self.cells.items() if name_in(cell) in only}
        )

    def point(self, at: int, seconds: int, *stored: Flat) -> Point:
        """The sum of all of these points."""
        # Points of another generation are left out, since their numbers stood for other cells.
        ours = [flat for generation, *flat in stored if generation == self.generation]
        sums = ours[0] if len(ours) == 1 else self._sum(ours)
        pairs = zip(sums[::2], sums[1::2], strict=True)
        # Series that were not requested are skipped.
        named = ((self.cells[number], value) for number, value in pairs if number in self.cells)
        return to_point(at, seconds, named)

    def _sum(self, flats: Iterable[Flat]) -> Flat:
        rising = {number for number, cell in self.cells.items() if is_rising(cell)}
        sums: dict[int, float] = {}
        for flat in flats:
            for number, value in zip(flat[::2], flat[1::2], strict=True):
                before = sums.get(number)
                if before is None:
                    sums[number] = value
                elif number in rising:
                    sums[number] = max(before, value)
                else:
                    sums[number] = before + value
        return [one for pair in sums.items() for one in pair]
