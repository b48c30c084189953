"""Batches on their way to Redis, in the order of their recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import msgspec

from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, ServerClock, load_script

from ..history import DAY, Batch, Resolution
from ..metric_names import LOST_SECONDS
from ..recording import Histogram
from ..series_names import Series
from .layout import MonitorKeys, to_cells

_FLUSH = load_script("yoto.monitor.lua", "flush.lua")
_pack = msgspec.msgpack.Encoder().encode

# Cells that Redis numbers: some thirty for a busy histogram, one for a counter. Beyond that,
# existing series get more cells, up to twice as many in all; new series do not.
MOST_CELLS = 8_192
MOST_WORKERS = 1_000
# s. Beyond the longest resolution, so that no point outlives the numbers it is written in.
KEEP_NUMBERS = 8 * DAY
# s for which ended workers stay in the list, and their last sequence numbers are known.
KEEP_WORKERS = DAY
# A point may end between our clock reading and the server's; twice in a row is rare.
TRIES = 5
# Batches that wait singly: two minutes of an outage to the second, older ones more coarsely.
MOST_WAITING = 120
_LOST = Series(LOST_SECONDS)


@dataclass(slots=True)
class Parcel:
    """A waiting batch.

    Attributes:
        batch: the records.
        closed_at: time of its end, on the monotonic clock.
        sequence: its number after the first try to send it; from then on the parcel is fixed, since
            the server may have taken it although no reply came.
        seconds: duration of its recording.
    """

    batch: Batch
    closed_at: float
    seconds: float
    sequence: int | None = None


class Backlog:
    """Keeps parcels until they are delivered; merges pairs to stay bounded. Not thread-safe.

    Attributes:
        lost_seconds: total duration of the parcels that were given up.
    """

    def __init__(
        self,
        longest: float,
        most: int = MOST_WAITING,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """``longest``: seconds after which a parcel is given up, as its point is not kept."""
        self._parcels: deque[Parcel] = deque()
        self._longest = longest
        self._most = most
        self._clock = clock
        self._sequence = 0
        self.lost_seconds = 0.0

    def __len__(self) -> int:
        return len(self._parcels)

    def add(self, batch: Batch, seconds: float) -> None:
        """Put a batch at the end."""
        self._parcels.append(Parcel(batch, self._clock(), seconds))
        if len(self._parcels) > self._most:
            self._give_up()
            self._pack()

    def first(self) -> Parcel | None:
        """The parcel to send now, numbered; the same one again until it was ``taken``."""
        if not self._parcels:
            return None
        parcel = self._parcels[0]
        if parcel.sequence is None:
            self._sequence += 1
            parcel.sequence = self._sequence
        return parcel

    def age(self, parcel: Parcel) -> float:
        """Seconds since it was closed."""
        return max(0.0, self._clock() - parcel.closed_at)

    def taken(self, parcel: Parcel) -> None:
        """Remove the first parcel, which the server has taken."""
        if self._parcels and self._parcels[0] is parcel:
            self._parcels.popleft()

    def _give_up(self) -> None:
        """Drop parcels that are too old, and add their durations to ``lost_seconds``."""
        newest = self._parcels[-1]
        while self._parcels[0] is not newest and self.age(self._parcels[0]) > self._longest:
            dropped = self._parcels.popleft()
            self.lost_seconds += dropped.seconds
            already_lost = dropped.batch.counters.get(_LOST, 0.0)
            newest.batch.count(_LOST, dropped.seconds + already_lost)

    def _pack(self) -> None:
        """Merge every two parcels that were not sent yet."""
        packed: deque[Parcel] = deque()
        room = False  # whether the last one can be merged with another
        for parcel in self._parcels:
            if room and parcel.sequence is None:
                last = packed[-1]
                last.batch.absorb(parcel.batch)
                last.seconds += parcel.seconds
                last.closed_at = parcel.closed_at
                room = False
            else:
                packed.append(parcel)
                room = parcel.sequence is None
        self._parcels = packed


class Delivery:
    """Sends parcels of one worker. Not thread-safe.

    Attributes:
        round_trips: durations of the script calls, one a flush: a free sample of the time that all
            calls to Redis take.
    """

    def __init__(
        self,
        redis: RedisConnection,
        keys: MonitorKeys,
        clock: ServerClock,
        resolutions: tuple[Resolution, ...],
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._clock = clock
        self._resolutions = resolutions
        self.round_trips = Histogram()

    def send(self, worker: str, parcel: Parcel, age: Callable[[Parcel], float], last: bool) -> int:
        """Deliver a parcel, which is counted exactly once, however often it is sent.

        Args:
            age: gives seconds since the parcel was closed.
            last: whether the worker ends with this delivery.

        Returns:
            Number of series that the store had no room for.

        Raises:
            StoreUnavailable, redis.exceptions.RedisError: the parcel may have been taken or not.
        """
        payload = _pack(to_cells(parcel.batch))
        at = self._clock.now() - age(parcel)
        for _ in range(TRIES):
            age_ms = round(age(parcel) * 1000)
            points = [(one, one.number(at)) for one in self._resolutions]
            keys = self._keys.of_worker(worker)
            keys += [self._keys.point(one, number) for one, number in points]
            arguments: list[str | bytes | int] = [worker, parcel.sequence or 0, age_ms, payload]
            arguments += [int(last), MOST_CELLS, MOST_WORKERS]
            arguments += [KEEP_NUMBERS * 1000, KEEP_WORKERS * 1000]
            for one, number in points:
                arguments += [one.seconds * 1000, number, one.keep * 1000]
            sent = monotonic()
            try:
                outcome, now_ms, refused = self._redis.scripts.run(_FLUSH, keys, arguments)
            finally:
                # Failed calls count too, since the slowest are time-outs.
                self.round_trips.observe(monotonic() - sent)
            self._clock.observe(now_ms, sent)
            if outcome >= 0:
                return int(refused)
            # By the server's clock, since our estimate was wrong and would be wrong again.
            at = (now_ms - age_ms) / 1000
        raise StoreUnavailable("redis", TimeoutError(f"a point ended {TRIES} times while we asked"))
