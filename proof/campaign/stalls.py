"""How long the machine itself stood still, so that no check takes its stalls for the product's."""

from __future__ import annotations

import threading
import time
from typing import Self

from tests.support.closing import Closing

TICK = 0.05  # s
NOTABLE = 0.2  # s that a tick may be late before it counts


class StallWatcher(Closing):
    """A thread that sleeps, and notes when it woke up late."""

    def __init__(self) -> None:
        self.stalls: list[tuple[float, float]] = []
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

    def _run(self) -> None:
        before = time.monotonic()
        while not self._over.wait(TICK):
            now = time.monotonic()
            if now - before - TICK > NOTABLE:
                self.stalls.append((before, now))
            before = now

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def close(self) -> None:
        """No more looks."""
        self._over.set()
        self._thread.join(5)
