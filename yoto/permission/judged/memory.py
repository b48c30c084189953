"""When memory may answer, and the connection that reads what it may not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.engine import Connection

from yoto.cache import TieredCache
from yoto.permission.loading.source import reading
from yoto.permission.outbox.positions import required_position
from yoto.permission.outbox.watching import in_change
from yoto.permission.state import state_of


def may_remember(cache: TieredCache) -> bool:
    """Whether memory that follows the log of ``cache`` is recent enough for the caller."""
    tailer, required = cache.tailer, required_position()
    return (
        time.monotonic() < tailer.fresh_until
        and (required is None or tailer.applied >= required)
        and not in_change()
    )


@contextmanager
def connection_of(app: Flask) -> Iterator[Connection]:
    """A connection that sees the caller's own changes so far.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    caching = state_of(app).caching
    if caching is None or in_change():
        with reading() as connection:
            yield connection
    else:
        with caching.pool.read() as connection:
            yield connection
