"""Connection pools that say how they are used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeout

from yoto.deadlines import check_deadline, cut

# Connections that a pool opens beside those that it keeps, while all of these are in use.
MAX_OVERFLOW = 10


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The use of a connection pool.

    Attributes:
        size: the most connections.
        at_once: callers, since the pool was made, who found a free one or opened a new one;
            ``waited``: callers who waited for one; ``timed_out``: callers who waited in vain.
        busiest: the most connections in use at once since the last reading.
    """

    size: int
    at_once: int
    waited: int
    timed_out: int
    busiest: int


# Named after its class, it would log at INFO messages that SQLAlchemy's own pools do not.
logging.getLogger(f"{__name__}.WatchedPool").setLevel(logging.WARNING)


class WatchedPool(QueuePool):
    """SQLAlchemy's own pool, which counts the callers that waited.

    Whether a caller waits is decided a moment before, so at the very edge it may be another one. A
    count may be a few off, which does not matter for sizing a pool.
    """

    def __init__(
        self,
        creator: Callable[..., Any],
        pool_size: int = 5,
        max_overflow: int = MAX_OVERFLOW,
        **options: Any,
    ) -> None:
        super().__init__(creator, pool_size=pool_size, max_overflow=max_overflow, **options)
        # A caller with a deadline waits no longer than until then.
        get = self._pool.get
        self._pool.get = lambda block=True, timeout=None: get(  # type: ignore[method-assign]
            block, timeout if timeout is None else cut(timeout)
        )
        self.most = pool_size + max_overflow
        self._at_once = self._waited = self._timed_out = self._busiest = 0

    def connect(self) -> Any:
        """A connection; raises as SQLAlchemy's, and ``DeadlineExceeded``."""
        check_deadline()
        waits = self.checkedout() >= self.most
        try:
            found = super().connect()
        except PoolTimeout:
            self._timed_out += 1
            raise
        if waits:
            self._waited += 1
        else:
            self._at_once += 1
        self._busiest = max(self._busiest, self.checkedout())
        return found

    def use(self) -> PoolUse:
        """The usage so far; only one caller may read it."""
        busiest, self._busiest = self._busiest, self.checkedout()
        return PoolUse(
            self.most, self._at_once, self._waited, self._timed_out, max(busiest, self._busiest)
        )
