"""The views that are measured inside the application, beside its own."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

from benchmarks.http.rows import ANSWER, VIEWS
from yoto.auth.identity import current_user_id
from yoto.permission import require_permission
from yoto.resilience import (
    BulkheadConfig,
    CircuitBreakerConfig,
    Dimension,
    GuardMode,
    MultiDimensionalKey,
    RateLimitConfig,
    guarded,
    rate_limit,
)

SERVER = 1
LIMIT = 100_000_000  # units a minute: nobody may be refused while time is taken
AT_ONCE = 100


def add_views(app: Flask) -> None:
    """Serve the views and define their guards; must come before the first request."""
    from app.extensions import resilience

    def caller(*_: Any, **__: Any) -> MultiDimensionalKey:
        return MultiDimensionalKey(current_user_id(), SERVER, request.remote_addr)

    def answer(**_: Any) -> dict[str, Any]:
        return ANSWER

    allowed = require_permission("message.send", scope="channel", scope_id="channel_id")
    app.add_url_rule(f"{VIEWS}/empty", "bench-empty", lambda: ANSWER)
    in_channel = "<int:channel_id>"
    app.add_url_rule(f"{VIEWS}/permission/{in_channel}", "bench-permission", allowed(answer))
    for name, numbers in guards().items():
        resilience.of(app).define(f"bench.{name}", **numbers)
        decorator = rate_limit if name == "limit" else guarded
        view = allowed(decorator(f"bench.{name}", key=caller)(answer))
        app.add_url_rule(f"{VIEWS}/{name}/{in_channel}", f"bench-{name}", view)


def guards() -> dict[str, dict[str, Any]]:
    """Numbers of what is measured: a whole guard in each mode, and a leased limit."""
    dimensions = tuple(Dimension(name) for name in ("user", "server", "ip"))
    found: dict[str, dict[str, Any]] = {}
    for mode in GuardMode:
        found[mode] = {
            "circuit_breaker": CircuitBreakerConfig(admission=mode),
            "rate_limit": RateLimitConfig(limit=LIMIT, dimensions=dimensions, mode=mode),
            "bulkhead": BulkheadConfig(max_concurrent=AT_ONCE, mode=mode),
        }
    found["limit"] = {"rate_limit": found[GuardMode.LEASED]["rate_limit"]}
    return found
