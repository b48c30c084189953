"""Queues of invalidations on each kind of server, with a log that remembers what it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from yoto import cache as cache_layer
from yoto.errors import StoreUnavailable
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.invalidation import InvalidationSettings, LogAccess, SmartInvalidation
from yoto.rooms.queues.invalidation.queue import InvalidationQueue

tags = cache_layer.tags
# Nothing is held back, and nothing is looked for by itself for long.
QUICK = InvalidationSettings(pace=100_000, interval=0.05)


class Log:
    """Stands in for the invalidation log: keeps what it is given, or is away."""

    def __init__(self) -> None:
        self.published: list[tuple[str, ...]] = []
        self.away = False

    def publish(self, *given: str) -> str:
        if self.away:
            raise StoreUnavailable("redis")
        self.published.append(given)
        return f"{len(self.published)}-0"

    @property
    def subjects(self) -> list[str]:
        return [one for given in self.published for one in given]

    @property
    def access(self) -> LogAccess:
        return LogAccess(self.publish, tags.is_known, tags.memory, tags.GLOBAL)


MakeInvalidation = Callable[..., SmartInvalidation]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def make_invalidation(reach: RedisSettings, log: Log) -> Iterator[MakeInvalidation]:
    """Makes what each process has; it does not run yet, and is closed after the test."""
    made: list[tuple[SmartInvalidation, DistributedLocks, RedisConnection]] = []

    def make(
        settings: RedisSettings = reach, access: LogAccess | None = None, **changes: Any
    ) -> SmartInvalidation:
        redis = RedisConnection(settings)
        locks = DistributedLocks(redis)
        invalidation = SmartInvalidation(redis, locks, replace(QUICK, **changes))
        invalidation.connect(access or log.access)
        made.append((invalidation, locks, redis))
        return invalidation

    yield make
    for invalidation, locks, redis in made:
        invalidation.close()
        locks.close()
        redis.close()


@pytest.fixture
def invalidation(make_invalidation: MakeInvalidation) -> SmartInvalidation:
    return make_invalidation()


@pytest.fixture
def queue(redis: RedisConnection) -> InvalidationQueue:
    """The queue as a worker sees it."""
    return InvalidationQueue(redis, QUICK)
