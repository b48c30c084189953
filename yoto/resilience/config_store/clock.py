"""The time of the Redis server, as far as this process knows it without asking."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

# Answers that are remembered; the one that came back fastest says the time best.
SAMPLES = 8


class Sample(NamedTuple):
    """What one answer told, in ms.

    Attributes:
        delay: length of the round trip; the offset is wrong by at most half of it.
        offset: server time less monotonic time, in the middle of the round trip.
    """

    delay: float
    offset: float


class ServerClock:
    """Redis time by this process's monotonic clock and what answers of Redis told.

    The wall clock of the machine is used only until Redis has answered once: an operator may set
    it back or forward, which must neither end nor prolong an override.

    Source: the clock filter of NTP (RFC 5905, section 10).
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._best: Sample | None = None

    def observe(self, server_ms: float, asked_at: float) -> None:
        """Learn from an answer.

        Args:
            server_ms: Redis time in the answer, ms since 1970.
            asked_at: monotonic seconds when the question was sent.
        """
        answered_at = self._monotonic()
        middle = (asked_at + answered_at) / 2
        sample = Sample((answered_at - asked_at) * 1000, server_ms - middle * 1000)
        with self._lock:
            best = self._best
            # More than both can be wrong by (the server tells whole ms): its clock was set, or it
            # is another server.
            if best and abs(sample.offset - best.offset) > (sample.delay + best.delay) / 2 + 1:
                self._samples.clear()
            self._samples.append(sample)
            self._best = min(self._samples)

    def now_ms(self) -> float:
        """Redis time in ms since 1970."""
        best = self._best
        if best is None:
            return time.time() * 1000
        return self._monotonic() * 1000 + best.offset
