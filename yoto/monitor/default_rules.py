"""The default rules, in force unless operators override them."""

from __future__ import annotations

from . import metric_names as names
from . import signals
from .alert_rules import AlertRule
from .signals import Direction

DEFAULT_RULES = (
    AlertRule(
        name="hit_rate",
        metric=signals.CACHE_HIT_RATE,
        direction=Direction.LOW,
        warning=0.8,
        error=0.6,
        critical=0.4,
        text="cache hit rate below {limit}: {value} at worst",
    ),
    AlertRule(
        name="response_time",
        metric=signals.RESPONSE_MS,
        direction=Direction.HIGH,
        warning=100.0,
        error=200.0,
        critical=500.0,
        text="response time (p95) above {limit} ms: {value} ms at worst",
    ),
    AlertRule(
        name="error_rate",
        metric=signals.ERROR_RATE,
        direction=Direction.HIGH,
        warning=0.05,
        error=0.1,
        critical=0.2,
        text="error rate (5xx) above {limit}: {value} at worst",
    ),
    AlertRule(
        name="memory",
        metric=signals.MEMORY_SHARE,
        direction=Direction.HIGH,
        warning=0.7,
        error=0.85,
        critical=0.95,
        text="memory in use above {limit}: {value} at worst",
    ),
    # A presence check has its threshold at the good end, so hysteresis cannot apply.
    AlertRule(
        name="redis",
        metric=names.REDIS_UP,
        direction=Direction.LOW,
        critical=1.0,
        # s; a shorter outage is a restart, which guards and caches bridge.
        hold=15.0,
        recover=30.0,
        hysteresis=0.0,
        text="Redis does not answer",
    ),
    AlertRule(
        name="database",
        metric=signals.DATABASE_FAILURES,
        direction=Direction.HIGH,
        error=0.0,
        critical=20.0,
        # s; nothing is evaluated during the outage, so this must still fire when it is over.
        hold=5.0,
        text="connections to the database broke or could not be made: {value} a minute at worst",
    ),
    AlertRule(
        name="breaker_open",
        metric=signals.BREAKER_OPEN,
        direction=Direction.HIGH,
        error=0.0,
        hold=60.0,
        recover=30.0,
        text="a breaker is open: calls are rejected",
    ),
    AlertRule(
        name="breaker_isolated",
        metric=signals.BREAKER_ISOLATED,
        direction=Direction.HIGH,
        warning=0.0,
        # s; isolating is an operator's action. Half an hour later it may have been forgotten.
        hold=1800.0,
        recover=0.0,
        text="an operator isolated a breaker over half an hour ago",
    ),
    AlertRule(
        name="refusals_of_one",
        metric=names.TOP_REFUSALS,
        direction=Direction.HIGH,
        # A minute: no person retries a rejected request once a second, but a program may.
        warning=60.0,
        error=600.0,
        text="a limit refuses one caller more than {limit} times a minute: {value} at worst",
    ),
    AlertRule(
        name="dead_letters",
        metric=signals.DEAD_LETTERS,
        direction=Direction.HIGH,
        warning=0.0,
        error=100.0,
        recover=0.0,
        text="items of the queue were given up: {value} at worst",
    ),
    AlertRule(
        name="unserved_items",
        metric=names.QUEUE_UNSERVED,
        direction=Direction.HIGH,
        error=0.0,
        # s; while workers are replaced there may be no handler.
        hold=60.0,
        recover=0.0,
        text="no worker has a handler for {value} items of the queue",
    ),
    AlertRule(
        name="queue_age",
        metric=names.QUEUE_AGE,
        direction=Direction.HIGH,
        warning=300.0,
        error=1800.0,
        text="an item of the queue waits for more than {limit} s: {value} s at worst",
    ),
    AlertRule(
        name="invalidation_lag",
        metric=names.STALENESS_WORST,
        direction=Direction.HIGH,
        warning=2.0,
        error=10.0,
        critical=60.0,
        # s; the gauge gives the oldest change of a minute, so a single late change is not enough.
        hold=90.0,
        text="workers apply changes more than {limit} s late: {value} s at worst",
    ),
    AlertRule(
        name="log_silence",
        metric=names.LOG_SILENCE,
        direction=Direction.HIGH,
        warning=10.0,
        error=60.0,
        text="a worker has not heard the invalidation log for {limit} s: {value} s at worst",
    ),
    AlertRule(
        name="silent_worker",
        metric=signals.SILENT_WORKERS,
        direction=Direction.HIGH,
        warning=0.0,
        recover=0.0,
        text="{value} workers fell silent without saying that they end",
    ),
    AlertRule(
        name="failed_sign_ins",
        metric=signals.FAILED_SIGN_INS,
        direction=Direction.HIGH,
        # A minute.
        warning=10.0,
        error=100.0,
        hold=0.0,
        recover=300.0,
        text="more than {limit} sign-ins a minute failed: {value} at worst",
    ),
    AlertRule(
        name="policy_errors",
        metric=signals.POLICY_ERRORS,
        direction=Direction.HIGH,
        error=0.0,
        text="policy evaluations ended without a verdict: {value} a minute at worst",
    ),
)
