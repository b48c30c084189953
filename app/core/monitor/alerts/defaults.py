"""The rules that hold unless an operator sets others."""

from __future__ import annotations

from ..scale import Direction
from ..signals import CACHE_HIT_RATE, ERROR_RATE, MEMORY_SHARE, RESPONSE_MS
from .rule import AlertRule

DEFAULT_RULES = (
    AlertRule(
        name="hit_rate",
        metric=CACHE_HIT_RATE,
        direction=Direction.LOW,
        warning=0.8,
        error=0.6,
        critical=0.4,
        text="cache hit rate below {limit}: {value} at worst",
    ),
    AlertRule(
        name="response_time",
        metric=RESPONSE_MS,
        direction=Direction.HIGH,
        warning=100.0,
        error=200.0,
        critical=500.0,
        text="response time (p95) above {limit} ms: {value} ms at worst",
    ),
    AlertRule(
        name="error_rate",
        metric=ERROR_RATE,
        direction=Direction.HIGH,
        warning=0.05,
        error=0.1,
        critical=0.2,
        text="error rate (5xx) above {limit}: {value} at worst",
    ),
    AlertRule(
        name="memory",
        metric=MEMORY_SHARE,
        direction=Direction.HIGH,
        warning=0.7,
        error=0.85,
        critical=0.95,
        text="memory in use above {limit}: {value} at worst",
    ),
)
