"""The time of Redis, told by a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable

SECOND_MS = 1000


class SharedClock:
    """Epoch seconds of Redis: its time when it was last heard, and what has passed since.

    Setting the clock of this machine changes nothing. Before Redis was heard the machine's own time
    is taken, read once.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> float:
        """Epoch seconds."""
        return self._offset + self.monotonic()

    def heard(self, server_ms: float) -> None:
        """Redis says that it is ``server_ms``, in epoch milliseconds."""
        self._offset = server_ms / SECOND_MS - self.monotonic()

    def at(self, moment: float) -> float:
        """Epoch seconds of a reading of the monotonic clock."""
        return self._offset + moment
