"""Items that callers hand over for the price of one append; they are processed later in batches."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

# Items that may wait; one more makes its caller process them all. A kill loses no more.
MOST_WAITING = 1_000
# Items at once; other threads run between two lots.
LOT = 64


class Pending(Generic[T]):
    """Items that wait. Safe for threads and greenlets.

    A reader of the results calls ``flush`` first, and so sees everything that was handed over. An
    orderly end flushes, and so loses nothing.

    Attributes:
        work: functions that process them, each one batch after the other, in order of arrival. It
            must be quick, since readers wait for it. One that raises is logged, and the others
            still run.
    """

    def __init__(self, *work: Callable[[Sequence[T]], None]) -> None:
        """Nothing waits yet."""
        self.work: Sequence[Callable[[Sequence[T]], None]] = work
        self._waiting: deque[T] = deque()
        self._append = self._waiting.append
        self._working = threading.Lock()

    def add(self, item: T) -> None:
        """Hand ``item`` over."""
        self._append(item)
        if len(self._waiting) > MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Work up all that waits now, and return when it is done."""
        while self._work_up():
            pass

    def __len__(self) -> int:
        """The number of waiting items."""
        return len(self._waiting)

    def _work_up(self) -> bool:
        """Work up one lot; whether there was any."""
        with self._working:
            take = self._waiting.popleft
            lot = [take() for _ in range(min(LOT, len(self._waiting)))]
            for work in self.work if lot else ():
                contained(work, lot)
        return bool(lot)


def contained(work: Callable[..., None], *about: object) -> None:
    """Do ``work``; what it raises is logged."""
    try:
        work(*about)
    except Exception:
        log.exception("%s failed afterwards", getattr(work, "__qualname__", repr(work)))
