"""Configuration of a circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.rules import Number, OneOf, Settings, Whole, ruled

from .mode import DEFAULT_MODE, DEFAULT_ON_STORE_ERROR, GuardMode, OnStoreError


class WindowType(StrEnum):
    """``count``: the last N calls. ``time``: the last T seconds."""

    COUNT = "count"
    TIME = "time"


class BreakerMode(StrEnum):
    """``disabled`` admits all and records nothing; ``metrics_only`` records and never opens."""

    NORMAL = "normal"
    DISABLED = "disabled"
    METRICS_ONLY = "metrics_only"


# Seconds. Old failures must be dropped soon after a short outage ends.
DEFAULT_WINDOW_SIZE = 20
# The ring of a count window travels through the script at each result; a byte a call.
LARGEST_COUNT_WINDOW = 1_000
# Seconds. An hour of history says nothing about now.
LONGEST_TIME_WINDOW = 3_600
# Calls. One failure of one call is not a rate of 100 %.
DEFAULT_MINIMUM_CALLS = 5
# Percent of the calls in the window. Half of the calls failing is past any retry's help.
DEFAULT_FAILURE_RATE = 50.0
# Seconds. No user waits longer for a page.
DEFAULT_SLOW_CALL = 4.0
# Percent. As for failures: half of the calls.
DEFAULT_SLOW_RATE = 50.0
# Failures in a row; 0 leaves the decision to the rates.
DEFAULT_CONSECUTIVE_FAILURES = 0
# Seconds. Long enough for a restart of the service behind the breaker, short for a person.
DEFAULT_RECOVERY_TIMEOUT = 5.0
# Times as long after each probe that failed.
DEFAULT_RECOVERY_BACKOFF = 2.0
# Seconds. A recovery is noticed within a minute.
DEFAULT_RECOVERY_TIMEOUT_MAX = 60.0
# Calls at once. One probe proves as much as ten and hurts a tenth.
DEFAULT_HALF_OPEN_MAX_CALLS = 1
# Probes. A failed service most often is either back or not, and one probe shows which.
DEFAULT_SUCCESS_THRESHOLD = 1
# Seconds. A probe whose process died gives its permit back after this.
DEFAULT_PROBE_LEASE = 30.0
# Instances. One instance's failures count for all.
DEFAULT_MIN_INSTANCES = 1
LONGEST_SECONDS = 86_400.0


@dataclass(frozen=True)
class CircuitBreakerConfig(Settings):
    """When a circuit breaker opens, for how long, and how it closes again.

    Attributes:
        window_type: whether ``window_size`` counts calls or seconds.
        window_size: calls (1 to 1,000) or seconds (1 to 3,600) in the window.
        minimum_calls: calls in the window before a rate is defined.
        failure_rate_threshold: percent of failed calls that opens.
        slow_call_duration: seconds from which a call is slow.
        slow_call_rate_threshold: percent of slow calls that opens.
        consecutive_failures: failures in a row that open; 0 switches this off.
        recovery_timeout: seconds open before the first probe.
        recovery_backoff: factor on the open time after each failed probe.
        recovery_timeout_max: seconds that the open time never passes.
        half_open_max_calls: probes that may run at once.
        success_threshold: probes that must succeed, none failing between, before it closes.
        probe_lease: seconds after which a silent probe gives its permit back.
        min_instances: instances that must have failed before the whole fleet opens.
        mode: see ``BreakerMode``.
        admission: the ``mode`` of a rate limit and a bulkhead, for a breaker; see ``GuardMode``.
        on_store_error: see ``OnStoreError``.
    """

    window_type: WindowType = ruled(WindowType.TIME, OneOf(WindowType))
    window_size: int = ruled(DEFAULT_WINDOW_SIZE, Whole(1, LONGEST_TIME_WINDOW, "calls or s"))
    minimum_calls: int = ruled(DEFAULT_MINIMUM_CALLS, Whole(1, 1_000_000, "calls"))
    failure_rate_threshold: float = ruled(DEFAULT_FAILURE_RATE, Number(0.1, 100, "%"))
    slow_call_duration: float = ruled(DEFAULT_SLOW_CALL, Number(0.001, 3_600, "s"))
    slow_call_rate_threshold: float = ruled(DEFAULT_SLOW_RATE, Number(0.1, 100, "%"))
    consecutive_failures: int = ruled(DEFAULT_CONSECUTIVE_FAILURES, Whole(0, 10_000, "calls"))
    recovery_timeout: float = ruled(DEFAULT_RECOVERY_TIMEOUT, Number(0.01, LONGEST_SECONDS, "s"))
    recovery_backoff: float = ruled(DEFAULT_RECOVERY_BACKOFF, Number(1, 10, "times"))
    recovery_timeout_max: float = ruled(
        DEFAULT_RECOVERY_TIMEOUT_MAX, Number(0.01, LONGEST_SECONDS, "s")
    )
    half_open_max_calls: int = ruled(DEFAULT_HALF_OPEN_MAX_CALLS, Whole(1, 100, "calls"))
    success_threshold: int = ruled(DEFAULT_SUCCESS_THRESHOLD, Whole(1, 1_000, "probes"))
    probe_lease: float = ruled(DEFAULT_PROBE_LEASE, Number(0.05, 3_600, "s"))
    min_instances: int = ruled(DEFAULT_MIN_INSTANCES, Whole(1, 1_000, "instances"))
    mode: BreakerMode = ruled(BreakerMode.NORMAL, OneOf(BreakerMode))
    admission: GuardMode = ruled(DEFAULT_MODE, OneOf(GuardMode))
    on_store_error: OnStoreError = ruled(DEFAULT_ON_STORE_ERROR, OneOf(OnStoreError))

    def _conflicts(self) -> dict[str, str]:
        if self.window_type is WindowType.COUNT and self.window_size > LARGEST_COUNT_WINDOW:
            return {
                "window_size": f"must be from 1 to {LARGEST_COUNT_WINDOW} calls, "
                f"not {self.window_size}"
            }
        if self.window_type is WindowType.COUNT and self.minimum_calls > self.window_size:
            return {
                "minimum_calls": f"must be at most window_size ({self.window_size} calls), "
                f"not {self.minimum_calls}: the rate would never be defined"
            }
        if self.recovery_timeout_max < self.recovery_timeout:
            return {
                "recovery_timeout_max": f"must be at least recovery_timeout "
                f"({self.recovery_timeout:g} s), not {self.recovery_timeout_max:g}"
            }
        return {}
