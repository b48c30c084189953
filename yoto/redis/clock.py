"""The time of the Redis server, without a call: learned from its earlier responses."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

# Responses that are remembered; the one with the shortest round trip is the most exact.
SAMPLES = 8


class Sample(NamedTuple):
    """One measurement of the clock, in ms.

    Attributes:
        delay: length of the round trip; the offset is wrong by at most half of it.
        offset: server time less monotonic time, in the middle of the round trip.
    """

    delay: float
    offset: float


class ServerClock:
    """Redis time by the monotonic clock of this process and the responses of Redis. Thread-safe.

    The wall clock of the machine is read once, for the time until Redis responds: an operator may
    set it back or forward, which must neither end nor prolong an override.

    Source: the clock filter of NTP (RFC 5905, section 10).

    Attributes:
        monotonic: seconds that only grow.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``wall``: seconds since 1970 by the clock of this machine."""
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._best: Sample | None = None
        self._offset = (wall() - monotonic()) * 1000

    def observe(self, server_ms: float, asked_at: float) -> None:
        """Learn from a response.

        Args:
            server_ms: Redis time in the response, ms since 1970.
            asked_at: monotonic seconds when the question was sent.
        """
        answered_at = self.monotonic()
        middle = (asked_at + answered_at) / 2
        sample = Sample((answered_at - asked_at) * 1000, server_ms - middle * 1000)
        with self._lock:
            best = self._best
            # More than both can be wrong by (the server says whole ms): its clock was set, or it
            # is another server.
            if best and abs(sample.offset - best.offset) > (sample.delay + best.delay) / 2 + 1:
                self._samples.clear()
            self._samples.append(sample)
            self._best = min(self._samples)
            self._offset = self._best.offset

    @property
    def known(self) -> bool:
        """Whether Redis has responded yet."""
        return self._best is not None

    def now_ms(self) -> float:
        """Redis time in ms since 1970."""
        return self.monotonic() * 1000 + self._offset

    def now(self) -> float:
        """Redis time in seconds since 1970."""
        return self.now_ms() / 1000

    def at(self, moment: float) -> float:
        """The Redis time, in seconds since 1970, of a reading of the monotonic clock."""
        return moment + self._offset / 1000
