"""A breaker's configuration as the scripts want it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..settings import BreakerMode, CircuitBreakerConfig, GuardMode, WindowType

MICRO = 1_000_000
# Seconds. State outlives a quiet hour, so that a breaker of a rarely used service remembers.
KEEP = 3_600.0
# Seconds for which an instance's bad results count for ``min_instances`` when the window is a
# number of calls and so has no length.
SEEN_IN_COUNT_WINDOW = 60.0


@dataclass(frozen=True)
class BreakerPlan:
    """Settings packed once for each configuration.

    Attributes:
        config: its source.
        disabled: no script is called at all.
        admit, record: packed settings of the two scripts.
        leased: whether an admission is remembered, and successes are summed.
        opens_alone: whether an instance may open for itself.
        keep_ms: how long the state stays after its last use, ms.
    """

    config: CircuitBreakerConfig
    disabled: bool
    leased: bool
    admit: bytes
    record: bytes
    opens_alone: bool
    keep_ms: int


def plan_breaker(config: CircuitBreakerConfig) -> BreakerPlan:
    """Packs a configuration; the order of the fields is the scripts'."""
    by_count = config.window_type is WindowType.COUNT
    window = SEEN_IN_COUNT_WINDOW if by_count else config.window_size
    keep_ms = int(
        max(KEEP, 2 * window, 2 * config.recovery_timeout_max + config.probe_lease) * 1000
    )
    metrics_only = config.mode is BreakerMode.METRICS_ONLY
    return BreakerPlan(
        config=config,
        disabled=config.mode is BreakerMode.DISABLED,
        leased=config.admission is GuardMode.LEASED,
        admit=struct.pack(
            "<dddd", metrics_only, config.half_open_max_calls, config.probe_lease * MICRO, keep_ms
        ),
        record=struct.pack(
            "<dddddddddddddd",
            metrics_only,
            by_count,
            config.window_size,
            config.minimum_calls,
            config.failure_rate_threshold,
            config.slow_call_rate_threshold,
            config.consecutive_failures,
            config.min_instances,
            keep_ms,
            config.recovery_timeout * MICRO,
            config.recovery_backoff,
            config.recovery_timeout_max * MICRO,
            window * MICRO,
            config.success_threshold,
        ),
        opens_alone=config.min_instances > 1,
        keep_ms=keep_ms,
    )
