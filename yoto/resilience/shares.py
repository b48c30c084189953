"""This instance's part of a limit while Redis is unavailable."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from .process import current_pid
from .seats import Seat, Seats, Used

log = logging.getLogger(__name__)

# s between looks for a seat, while all are taken.
LOOK_AGAIN = 0.5


def part_of(limit: int, instances: int) -> int:
    """One instance's part of a limit; at least 1 of any."""
    return max(1, limit // instances) if limit > 0 else 0


class Shares:
    """This worker's part of limits without Redis, and a memory of its use.

    An instance that heard Redis has its part by the number of instances then. One that began
    without it takes the seat of an instance that was there then and is gone, with its part and its
    use; while none is free it has nothing. Without any such seats it has one unit, until no use by
    earlier instances can still count, and then the part that the setting gives.
    """

    def __init__(
        self,
        seats: Seats,
        expected: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``expected`` gives the expected number of instances; 0: unknown. Each process calls it at
        its first use: a server may tell it to its workers alone, once they are forked.
        """
        self._seats = seats
        self._expected = expected
        self._clock = clock
        self._lock = threading.RLock()
        self._begin()

    def _begin(self) -> None:
        self._pid = current_pid()
        self._number: int | None = None
        self._count = 0
        self._seat: Seat | None = None
        self._look_at = 0.0
        self._born = self._clock()
        self._forgetful = False

    @property
    def count(self) -> int:
        """The number of instances when this one last heard Redis; 0: it never did."""
        return self._count

    def hear(self, count: int) -> None:
        """Note the number of instances that Redis reported, this one included."""
        self._notice_fork()
        with self._lock:
            self._count = count
            seat = self._take()
            if seat is not None:
                seat.hear(self._clock(), count)

    def vacate(self) -> None:
        """Note that this instance ends, and Redis knows."""
        with self._lock:
            if self._seat is not None and self._pid == current_pid():
                self._seat.vacate()

    def part(self, limit: int, window: float = 0.0) -> int:
        """This instance's part of a limit, of units in ``window`` seconds, or of slots."""
        self._notice_fork()
        if self._count:
            return part_of(limit, self._count)
        seat = self._take()
        if seat is None and not self._forgetful:
            return 0
        if seat is not None and seat.heard:
            return part_of(limit, seat.count)
        since = self._born if seat is None else seat.begun
        if self._number is None:
            self._number = self._expected()
        if self._number and self._clock() - since >= window:
            # As many seats as there are parts.
            if seat is not None and seat.number >= self._number:
                return 0
            return part_of(limit, self._number)
        return min(1, limit)

    def note(self, key: str, used: Used) -> None:
        """Keep the use of a key for the instance after this one."""
        seat = self._take()
        if seat is not None:
            with self._lock:
                seat.note(key, used)

    def report(self, key: str) -> None:
        """Note that Redis knows the use of a key now."""
        with self._lock:
            if self._seat is not None:
                self._seat.report(key)

    def forget(self, key: str) -> None:
        """Note that a key is unused."""
        with self._lock:
            if self._seat is not None:
                self._seat.forget(key)

    def recall(self, key: str) -> Used | None:
        """The use of a key by the instance before this one, once."""
        seat = self._seat if self._pid == current_pid() else None
        return None if seat is None else seat.recall(key)

    @property
    def remembers(self) -> bool:
        """Whether there is anything to recall."""
        return self._seat is not None and bool(self._seat.inherited)

    def close(self) -> None:
        """Leave the seat."""
        with self._lock:
            if self._seat is not None and self._pid == current_pid():
                self._seat.leave()
            self._begin()

    def _take(self) -> Seat | None:
        if self._seat is not None or self._forgetful or self._clock() < self._look_at:
            return self._seat
        with self._lock:
            if self._seat is None and self._clock() >= self._look_at:
                self._look_at = self._clock() + LOOK_AGAIN
                try:
                    self._seat = self._seats.take(self._clock(), bool(self._count))
                except OSError as error:
                    self._forgetful = True
                    log.warning(
                        "what is used without redis is not kept for later workers: %s", error
                    )
            return self._seat

    def _notice_fork(self) -> None:
        if self._pid != current_pid():
            if self._seat is not None:
                self._seat.leave()  # the parent has it still
            self._lock = threading.RLock()
            self._begin()
