"""Leaves most of the time to others, and knows when to end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic


class Pace:
    """The time that one run may take.

    Args:
        seconds: the longest run, pauses included.
        share: part of the time in which it works, 0 to 1.
        stop: set to end the run at once.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        seconds: float,
        share: float,
        stop: threading.Event,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._share = share
        self._stop = stop
        self._clock = clock
        self._began = clock()
        self._until = self._began + seconds

    @property
    def over(self) -> str | None:
        """Why the time is over: ``"time"``, ``"stopped"``; None: it is not."""
        if self._stop.is_set():
            return "stopped"
        return "time" if self._clock() >= self._until else None

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work within the block; a pause follows, in proportion to the work."""
        began = self._clock()
        yield
        self.rest((self._clock() - began) * (1 / self._share - 1))

    def rest(self, seconds: float) -> None:
        """Wait, but not past the end."""
        self._stop.wait(max(0.0, min(seconds, self._until - self._clock())))
