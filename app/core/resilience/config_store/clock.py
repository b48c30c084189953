"""The time of the Redis server, as far as this process knows it without asking."""

from __future__ import annotations

import time
from collections.abc import Callable


class ServerClock:
    """Redis time by this process's monotonic clock and the last answer that told it.

    The wall clock of the machine is used only until Redis has answered once: an operator may set
    it back or forward, which must neither end nor prolong an override.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset_ms: float | None = None

    def observe(self, server_ms: float, asked_at: float) -> None:
        """Learn from an answer.

        Args:
            server_ms: Redis time in the answer, ms since 1970.
            asked_at: monotonic seconds when the question was sent; half of the round trip is taken
                for the way back (RFC 5905, section 8, with one sample).
        """
        middle = (asked_at + self._monotonic()) / 2
        self._offset_ms = server_ms - middle * 1000

    @property
    def synchronised(self) -> bool:
        """Whether Redis has told its time yet."""
        return self._offset_ms is not None

    def now_ms(self) -> float:
        """Redis time in ms since 1970."""
        if self._offset_ms is None:
            return time.time() * 1000
        return self._monotonic() * 1000 + self._offset_ms
