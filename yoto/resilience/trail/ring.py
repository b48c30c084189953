"""The calls of one guard in one process that nobody has taken away yet."""

from __future__ import annotations

from collections import deque

from .calls import Noted

# Calls. They are taken away once a second; of a guard that is busier than this the oldest go.
MOST_IN_PROCESS = 2_000


class Trail:
    """A ring of calls. Safe for threads: a guard appends while another thread takes.

    Attributes:
        note: takes one call; its price is that of one ``deque.append``.
    """

    __slots__ = ("_calls", "note")

    def __init__(self, most: int = MOST_IN_PROCESS) -> None:
        self._calls: deque[Noted] = deque(maxlen=most)
        self.note = self._calls.append

    def take(self) -> tuple[list[Noted], bool]:
        """The calls since the last time, and whether older ones may have been lost."""
        waiting = len(self._calls)
        return [self._calls.popleft() for _ in range(waiting)], waiting == self._calls.maxlen
