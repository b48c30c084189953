"""The guards of one process, made by hand, with a configuration that tests may exchange."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from tests.support.waiting import HOST
from yoto.events import BreakerTransitioned, EventStream
from yoto.redis import RedisConnection, RedisSettings
from yoto.resilience.breaker import CircuitBreaker
from yoto.resilience.bulkhead import Bulkhead
from yoto.resilience.guard import Guard
from yoto.resilience.limiter import RateLimiter
from yoto.resilience.runtime import Runtime
from yoto.resilience.settings import BulkheadConfig, CircuitBreakerConfig, RateLimitConfig, Settings

# For this suite alone, so that it can look at every key that it leaves.
PREFIX = "guards:"
# Nobody listens there.
DEAD_URL = f"redis://{HOST}:1/0"

C = TypeVar("C", bound=Settings)

_numbers = itertools.count(1)


class Live(Generic[C]):
    """A configuration that can be exchanged while a guard uses it."""

    def __init__(self, config: C) -> None:
        self.config = config

    def __call__(self) -> C:
        return self.config

    def change(self, **fields: Any) -> None:
        self.config = replace(self.config, **fields)


class Platform:
    """One process's guards; two platforms on one server are two instances of a fleet."""

    def __init__(self, settings: RedisSettings, instance: str = "", **runtime: Any) -> None:
        self.redis = RedisConnection(settings)
        self.instance = instance or f"instance-{next(_numbers)}"
        self.events = EventStream(self.redis, self.instance)
        self.runtime = Runtime(self.redis, self.events, **runtime)
        self._ends: list[Callable[[], None]] = []

    def breaker(self, name: str, **fields: Any) -> CircuitBreaker:
        return self.live_breaker(name, Live(CircuitBreakerConfig.from_mapping(fields)))

    def live_breaker(self, name: str, config: Callable[[], CircuitBreakerConfig]) -> CircuitBreaker:
        breaker = CircuitBreaker(name, config, self.runtime)
        self._ends.append(breaker.successes.flush)
        return breaker

    def limiter(self, name: str, **fields: Any) -> RateLimiter:
        return self.live_limiter(name, Live(RateLimitConfig.from_mapping(fields)))

    def live_limiter(self, name: str, config: Callable[[], RateLimitConfig]) -> RateLimiter:
        limiter = RateLimiter(name, config, self.runtime)
        self._ends.append(limiter.leases.clear)
        return limiter

    def bulkhead(self, name: str, **fields: Any) -> Bulkhead:
        return self.live_bulkhead(name, Live(BulkheadConfig.from_mapping(fields)))

    def live_bulkhead(self, name: str, config: Callable[[], BulkheadConfig]) -> Bulkhead:
        bulkhead = Bulkhead(name, config, self.runtime)
        self._ends.append(bulkhead.spares.clear)
        return bulkhead

    def guard(
        self,
        name: str,
        breaker: dict[str, Any] | None = None,
        limiter: dict[str, Any] | None = None,
        bulkhead: dict[str, Any] | None = None,
    ) -> Guard:
        """A guard of the parts that are given."""
        return Guard(
            name,
            self.runtime,
            None if breaker is None else self.breaker(name, **breaker),
            None if limiter is None else self.limiter(name, **limiter),
            None if bulkhead is None else self.bulkhead(name, **bulkhead),
        )

    def turns(self, name: str) -> list[str]:
        """The states of a breaker, in the order that the event stream tells."""
        return [
            stored.event.new
            for stored in self.events.read()
            if isinstance(stored.event, BreakerTransitioned) and stored.event.name == name
        ]

    def close(self) -> None:
        """Close in the controller's order: a command after Redis is closed would open it again."""
        for end in self._ends:
            end()
        self.runtime.sweeps.close()
        self.runtime.deferred.close()
        self.runtime.exits.settle()
        self.runtime.heartbeat.close()
        self.redis.close()
