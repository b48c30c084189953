"""Lets one caller of a process at a time contend for each lock, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque


class FifoLock:
    """A queue a name. Redis then sees one waiter a process, however many threads want the lock."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        # A name is in the dict while its lock is held; its deque has the waiters.
        self._lines: dict[str, deque[threading.Event]] = {}

    def enter(self, name: str, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for one's turn; True must be followed by ``leave``."""
        with self._mutex:
            line = self._lines.get(name)
            if line is None:
                self._lines[name] = deque()
                return True
            if timeout <= 0:
                return False
            turn = threading.Event()
            line.append(turn)
        try:
            came = turn.wait(timeout)
        except BaseException:
            if not self._withdraw(name, turn):
                self.leave(name)
            raise
        return came or not self._withdraw(name, turn)

    def leave(self, name: str) -> None:
        """Let the next waiter through."""
        with self._mutex:
            line = self._lines[name]
            if line:
                line.popleft().set()
            else:
                del self._lines[name]

    def _withdraw(self, name: str, turn: threading.Event) -> bool:
        """Step out of the line; False if one's turn came just now."""
        with self._mutex:
            if turn.is_set():
                return False
            self._lines[name].remove(turn)
            return True

    @property
    def waiting(self) -> int:
        """The number of callers that wait for their turn."""
        with self._mutex:
            return sum(map(len, self._lines.values()))

    def __len__(self) -> int:
        """The number of names that are held or waited for."""
        return len(self._lines)
