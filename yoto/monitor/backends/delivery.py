"""One parcel to Redis: the script, its keys and arguments."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import msgspec

from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, ServerClock, load_script

from ..history import DAY, Resolution
from ..recording import Histogram
from .backlog import Parcel
from .cells import to_cells
from .keys import MonitorKeys

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
