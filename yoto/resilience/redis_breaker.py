"""The circuit breaker ``redis``: a view of the connection's fail-fast.

Redis cannot keep the state of its own breaker. Each process opens it for itself, after errors in a
row, and a probe in the background closes it: see ``yoto.redis``. So it is shown like any
other and, unlike any other, neither configured nor forced.
"""

from __future__ import annotations

from yoto.redis import RedisConnection, test_redis_connection

from .breaker import BreakerState, State


def redis_breaker_state(name: str, redis: RedisConnection) -> BreakerState:
    """The state now: a server is pinged, unless all are known to be unavailable."""
    test = test_redis_connection(redis)
    is_open = not test.ok or not redis.available
    return BreakerState(
        name=name,
        state=State.OPEN if is_open else State.CLOSED,
        period=0,
        reason=test.reason,
        until=0.0,
        calls=0,
        failures=0,
        slow_calls=0,
        failure_rate=None,
        slow_call_rate=None,
        consecutive_failures=0,
        opens=0,
        probes=0,
        degraded=is_open,
        opened_alone=is_open,
    )
