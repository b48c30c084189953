"""What the machine itself did: it stood still, or its clock was set, as a virtual machine's is that
was suspended. No check may take that for the product's fault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from tests.support.closing import Closing

TICK = 0.05  # s
NOTABLE = 0.2  # s that a tick may be late before it counts
STEP = 0.5  # s by which the wall clock moves against the monotonic one before it was set


def wall_offset() -> float:
    """Seconds between the wall clock and the monotonic one."""
    return time.time() - time.monotonic()


class StallWatcher(Closing):
    """A thread that sleeps, and notes when it woke up late, and when the wall clock was set.

    Attributes:
        stalls: from when until when it slept for too long, monotonic.
        steps: between which moments the wall clock was set, monotonic, and by how many seconds.
    """

    def __init__(self, offset: Callable[[], float] = wall_offset) -> None:
        self.stalls: list[tuple[float, float]] = []
        self.steps: list[tuple[float, float, float]] = []
        self._offset = offset
        self._now = offset()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stalls", daemon=True)

    def during(self, begin: float, end: float) -> float:
        """Seconds that were lost between two moments of ``time.monotonic``."""
        return sum(
            max(0.0, min(end, until) - max(begin, since)) for since, until in list(self.stalls)
        )

    @property
    def worst(self) -> float:
        """The longest, in seconds."""
        return max((until - since for since, until in self.stalls), default=0.0)

    def since_1970(self, at: float) -> float:
        """The wall clock's seconds, as it was set at a moment of the past."""
        return at + self._now - sum(by for _, until, by in list(self.steps) if until > at)

    def _run(self) -> None:
        before = time.monotonic()
        while not self._over.wait(TICK):
            now = time.monotonic()
            if now - before - TICK > NOTABLE:
                self.stalls.append((before, now))
            self._look(before, now)
            before = now

    def _look(self, before: float, now: float) -> None:
        offset = self._offset()
        by = offset - self._now
        if abs(by) > STEP:
            self.steps.append((before, now, by))
            self._now = offset

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def close(self) -> None:
        """No more looks."""
        self._over.set()
        self._thread.join(5)
