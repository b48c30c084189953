"""A few database connections of our own: a bulkhead for work that must not take the callers'.

A loader that took a second connection from the pool of requests could wait for itself; and its
view of the database must begin after the log's position was read, which a session's may not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from flask import Flask
from sqlalchemy.engine import Connection, Engine

from yoto.deadlines import check_deadline, cut
from yoto.errors import StoreUnavailable
from yoto.settings import SETTINGS
from yoto.store.db import side_engine, writing
from yoto.store.pools import PoolUse
from yoto.store.translation import translated


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
                until = monotonic() + cut(wait)
                while self._inside >= self._size and (left := until - monotonic()) > 0:
                    self._free.wait(left)
            if self._inside >= self._size:
                self._timed_out += 1
                check_deadline()
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


# More than these are of no use, since each has a process of the database behind it.
MOST_CONNECTIONS = 100
# s to wait for a connection before the caller is asked to retry.
POOL_WAIT: float = SETTINGS["PERMISSION_POOL_WAIT"].default
RETRY_AFTER = 1.0


class SidePool:
    """At most ``size`` connections, opened when they are first needed.

    Args:
        size: 1 to ``MOST_CONNECTIONS``.
        wait: seconds to wait for a free one.
    """

    def __init__(self, app: Flask, size: int, wait: float = POOL_WAIT) -> None:
        self._app = app
        self._gate = Gate(size)
        self._wait = wait
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose transaction begins with the first statement and only reads.

        Raises:
            StoreUnavailable: the database did not answer, or all connections are taken.
        """
        with self._inside(), translated(), writing(False), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end of the block.

        Raises: as ``read``.
        """
        with self._inside(), translated(), self.engine.begin() as connection:
            yield connection

    @property
    def size(self) -> int:
        """The most connections."""
        return self._gate.size

    def resize(self, size: int) -> None:
        """Have at most ``size`` from now on; connections in use stay, extra ones are closed."""
        fewer = size < self._gate.size
        self._gate.resize(size)
        if fewer and self._engine is not None:
            self._engine.dispose()

    def use(self) -> PoolUse:
        """The usage so far; only one caller may read it."""
        return self._gate.use()

    @contextmanager
    def _inside(self) -> Iterator[None]:
        if not self._gate.enter(self._wait):
            cause = TimeoutError(f"all {self.size} connections were in use for {self._wait:g} s")
            raise StoreUnavailable("database", cause, RETRY_AFTER)
        try:
            yield
        finally:
            self._gate.leave()

    @property
    def engine(self) -> Engine:
        """The engine behind the pool; only ``read`` and ``begin`` keep to its size."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    # The gate alone limits them, since it can be widened.
                    self._engine = side_engine(self._app, MOST_CONNECTIONS, self._wait)
        return self._engine

    def close(self) -> None:
        """Close the connections; a later use opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()
