"""A token bucket for the messages of one connection. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable


class MessageBucket:
    """So many tokens at once, and so many a second.

    Attributes:
        rate: tokens a second.
        burst: tokens at most, and at first.
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()

    def take(self, tokens: float = 1.0) -> float:
        """Take tokens; 0, or the seconds until there are so many, and then none is taken."""
        now = self._clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < tokens:
            return (tokens - self._tokens) / self.rate
        self._tokens -= tokens
        return 0.0

    @property
    def full_in(self) -> float:
        """Seconds until the bucket is full, as of the last take."""
        return (self.burst - self._tokens) / self.rate
