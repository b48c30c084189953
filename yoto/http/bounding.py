"""Bounds the requests that a worker works on at once, and chooses among those that wait.

A worker accepts far more connections than it has connections to the database. Without a bound each
request waits behind all others, until nearly every answer comes after its client has gone. The
newest request is served first, since its client is the likeliest to be still there; the oldest are
dropped (adaptive LIFO, B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from yoto.deadlines import cut
from yoto.housekeeping import FoldedLine
from yoto.store.pools import MAX_OVERFLOW

# s that a request may wait for its turn. Most clients give up after a few.
PATIENCE = 1.0
# Requests at work for each connection of the pool: while one waits for the database, others
# compute, and some need none.
FOR_EACH_CONNECTION = 2

log = logging.getLogger(__name__)


class _Waiter:
    """A request that waits for its turn."""

    __slots__ = ("given", "turn")

    def __init__(self) -> None:
        self.turn = threading.Event()
        self.given = False


class RequestBound:
    """Admits so many requests at once; as many again may wait. Safe for threads and greenlets.

    Attributes:
        most: requests at work, and as many that wait.
    """

    def __init__(
        self,
        most: int,
        on_refused: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
    ) -> None:
        """``on_refused`` counts a request that found no place, or waited in vain."""
        self.most = most
        self._on_refused = on_refused
        self._patience = patience
        self._refusals = FoldedLine(
            log, logging.WARNING, f"overloaded: %d requests refused, with {most} at work"
        )
        self._lock = threading.Lock()
        self._at_work = 0
        self._waiting: list[_Waiter] = []

    def enter(self) -> bool:
        """Wait for a turn; False: there is none, and ``leave`` must not be called."""
        with self._lock:
            if self._at_work < self.most:
                self._at_work += 1
                return True
            full = len(self._waiting) >= self.most
            if not full:
                waiter = _Waiter()
                self._waiting.append(waiter)
        if not full:
            waiter.turn.wait(cut(self._patience))
            with self._lock:
                if waiter.given:
                    return True
                self._waiting.remove(waiter)
        self._refusals.note()
        self._on_refused()
        return False

    def leave(self) -> None:
        """End a request that was admitted; the newest that waits takes its place."""
        with self._lock:
            if self._waiting:
                waiter = self._waiting.pop()
                waiter.given = True
                waiter.turn.set()
            else:
                self._at_work -= 1


def most_at_work(config: Mapping[str, Any]) -> int:
    """The bound of a configuration; by default it follows the pool of connections."""
    given: int = config["REQUESTS_AT_WORK"]
    return given or FOR_EACH_CONNECTION * (config["DATABASE_POOL_SIZE"] + MAX_OVERFLOW)
