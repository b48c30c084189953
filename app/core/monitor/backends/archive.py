"""Reads from Redis what all workers recorded."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import msgspec

from app.core.redis import RedisConnection

from ..history import Point, Resolution
from .cells import name_in, to_gauges, to_point
from .delivery import ServerClock
from .interface import WorkerState, WorkerStatus
from .keys import MonitorKeys, host_of, pid_of

_unpack = msgspec.msgpack.Decoder().decode

Signs: TypeAlias = Callable[[], Mapping[str, float]]

# Points a command: some 300 KB, which a server on the same network sends well in time.
AT_ONCE = 200
# s after which a worker that delivers every second counts as silent.
SILENT_AFTER = 5.0


class Archive:
    """Every call raises ``StoreUnavailable`` or ``redis.exceptions.RedisError`` without Redis."""

    def __init__(
        self,
        redis: RedisConnection,
        keys: MonitorKeys,
        clock: ServerClock,
        interval: float,
        signs: Signs,
    ) -> None:
        """Nothing is asked yet.

        Args:
            interval: seconds between the deliveries of a worker.
            signs: by worker, seconds since the last sign of life that is no delivery.
        """
        self._signs = signs
        self._redis = redis
        self._keys = keys
        self._clock = clock
        self._interval = interval

    def points(
        self,
        resolution: Resolution,
        since: float,
        until: float,
        only: Collection[str] | None = None,
    ) -> list[Point]:
        """The points that begin in [since, until), oldest first; ``only``: metrics of these names.

        Taking points apart is work for the processor, a day of minutes a second of it, so others
        get their turn in between.
        """
        oldest = self._clock.now() - resolution.keep - resolution.seconds
        first = math.ceil(max(since, oldest) / resolution.seconds)
        end = math.ceil(min(until, self._clock.now() + resolution.seconds) / resolution.seconds)
        if first >= end:
            return []
        numbering = self._numbering(only)
        found: list[Point] = []
        for start in range(first, end, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, end))
            stored = self._redis.client.mget(self._keys.points(resolution, numbers))
            for number, packed in zip(numbers, stored, strict=True):
                if packed is not None:
                    at = number * resolution.seconds
                    found.append(numbering.point(at, resolution.seconds, packed))
            time.sleep(0)
        return found

    def totals(self, host: str) -> Point:
        """The sums of a host since the store began."""
        packed = self._redis.client.get(self._keys.totals(host))
        return Point(0, 0) if packed is None else self._numbering().point(0, 0, packed)

    def workers(self) -> list[WorkerStatus]:
        """Those that were heard within a day, the last first."""
        stored = self._redis.client.hgetall(self._keys.workers)
        found = [self._worker(name.decode(), _unpack(said)) for name, said in stored.items()]
        if any(worker.state is WorkerState.SILENT for worker in found):
            signs = self._signs()
            found = [self._by_sign(worker, signs.get(worker.id)) for worker in found]
        return sorted(found, key=lambda worker: worker.silent_for)

    def _worker(self, name: str, said: Any) -> WorkerStatus:
        _, heard_ms, ended, gauges, *told = said
        # Until when it was recorded what was delivered last: earlier, if that had waited.
        until_ms = told[0] if told else heard_ms
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
        """With what a silent one lived on for after its last delivery, as a later sign tells."""
        if worker.state is not WorkerState.SILENT or since_sign is None:
            return worker
        lived_on = worker.unreported - self._interval + worker.silent_for - since_sign
        return replace(worker, unreported=max(worker.unreported, lived_on))

    def _numbering(self, only: Collection[str] | None = None) -> _Numbering:
        stored = self._redis.client.hgetall(self._keys.numbers)
        generation = int(stored.pop(b"", 0))
        cells = {int(n): cell.decode() for cell, n in stored.items()}
        if only is not None:
            cells = {n: cell for n, cell in cells.items() if name_in(cell) in only}
        return _Numbering(generation, cells)


class _Numbering(NamedTuple):
    generation: int
    cells: dict[int, str]

    def point(self, at: int, seconds: int, packed: bytes) -> Point:
        generation, *flat = _unpack(packed)
        if generation != self.generation:
            # Its numbers stood for other cells.
            return Point(at, seconds)
        pairs = zip(flat[::2], flat[1::2], strict=True)
        # What got its number after we read the numbers is left to the next look, and what nobody
        # asked for is passed over.
        named = ((self.cells[number], value) for number, value in pairs if number in self.cells)
        return to_point(at, seconds, named)
