"""How much may be uploaded: a guard, which counts by an algorithm of its own."""

from __future__ import annotations

from yoto.extensions import resilience
from yoto.redis import load_lua
from yoto.resilience import (
    Algorithm,
    BulkheadConfig,
    CircuitBreakerConfig,
    Quota,
    RateLimitConfig,
    Status,
    register_algorithm,
    whole_units_left,
)

UPLOADS = "picture.upload"


class QuietWindow:
    """All of the limit is back after a window in which nothing was used. ``quiet_window.lua`` does
    the same in Redis.
    """

    def __init__(self, now: float) -> None:
        self._last = now
        self._used = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.limit:
            return quota.window
        if quota.fits(self.used(now, quota) + cost, quota.limit):
            return 0.0
        return self._last + quota.window - now

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        self._used = max(0.0, self.used(now, quota) + cost)
        if cost > 0:
            self._last = now

    def used(self, now: float, quota: Quota) -> float:
        self._last = min(self._last, now)
        return self._used if now - self._last < quota.window else 0.0

    def status(self, now: float, quota: Quota) -> Status:
        used = self.used(now, quota)
        left = whole_units_left(quota.limit, used)
        return Status(left, self._last + quota.window - now if used else 0.0)


QUIET_WINDOW = Algorithm(
    name="quiet_window",
    lua=load_lua("gallery", "quiet_window.lua"),
    meter=QuietWindow,
    step=lambda quota: quota.window,
)


def register() -> None:
    """Register the algorithm first, for the guard's configuration names it."""
    register_algorithm(QUIET_WINDOW)
    resilience.define(
        UPLOADS,
        rate_limit=RateLimitConfig(
            algorithm="quiet_window", limit=3, window=60, dimensions=("user",)
        ),
        bulkhead=BulkheadConfig(max_concurrent=10),
        circuit_breaker=CircuitBreakerConfig(),
    )
