"""A gate that admits so many callers at once, and can be widened or narrowed in operation."""

from __future__ import annotations

import threading
from time import monotonic

from yoto.store.pools import PoolUse


class Gate:
    """Safe for threads and greenlets."""

    def __init__(self, size: int) -> None:
        self._free = threading.Condition()
        self._size = size
        self._inside = self._busiest = 0
        self._at_once = self._waited = self._timed_out = 0

    @property
    def size(self) -> int:
        """The number of permits."""
        return self._size

    def enter(self, wait: float) -> bool:
        """Go in; False after ``wait`` seconds in vain. A caller that is in must ``leave``."""
        with self._free:
            at_once = self._inside < self._size
            if not at_once:
                until = monotonic() + wait
                while self._inside >= self._size and (left := until - monotonic()) > 0:
                    self._free.wait(left)
            if self._inside >= self._size:
                self._timed_out += 1
                return False
            self._at_once += at_once
            self._waited += not at_once
            self._inside += 1
            self._busiest = max(self._busiest, self._inside)
            return True

    def leave(self) -> None:
        """Go out."""
        with self._free:
            self._inside -= 1
            self._free.notify()

    def resize(self, size: int) -> None:
        """Let ``size`` callers in at once from now on; callers inside stay inside."""
        with self._free:
            self._size = size
            self._free.notify_all()

    def use(self) -> PoolUse:
        """The usage so far; only one caller may read it."""
        with self._free:
            busiest, self._busiest = self._busiest, self._inside
            return PoolUse(self._size, self._at_once, self._waited, self._timed_out, busiest)
