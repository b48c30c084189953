"""Distributed guards, their live configuration, and the controller that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from .algorithms import (
    Algorithm,
    Leases,
    Meter,
    Quota,
    Status,
    algorithm_names,
    find_algorithm,
    register_algorithm,
    whole_units_left,
)
from .breaker import (
    BreakerOpenedLocally,
    BreakerPermit,
    BreakerState,
    BreakerWouldOpen,
    CircuitBreaker,
    State,
)
from .breaker_hooks import BreakerHooks
from .bulkhead import Bulkhead, BulkheadStats, Slot
from .config_store import (
    CONFIG_CLASSES,
    FLEET,
    REDIS_BREAKER,
    Action,
    Audit,
    AuditEntry,
    Change,
    ConfigStore,
    Entry,
    Journal,
    Kind,
    Origin,
    Receipt,
    audit_of,
    change_to_plain,
    check_entry,
    parse_kind,
)
from .controller import ResilienceController
from .decorators import (
    bulkhead,
    circuit_breaker,
    declared,
    degradable,
    exempt,
    guarded,
    limit_views,
    rate_limit,
)
from .degradation import EVERY_FEATURE, DegradationStatus, RaisedLevel
from .extension import Resilience, get_resilience_controller
from .guard import Guard, Permit
from .guards import BulkheadUse, GuardCounts
from .headers import noted_limits, rate_limit_headers
from .instances import Instance
from .limiter import DimensionStatus, RateLimiter, RateLimitResult
from .networks import network_of
from .outcome import Classifier, Outcome
from .settings import (
    BreakerMode,
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    DegradationConfig,
    DegradationLevel,
    Dimension,
    GuardMode,
    LogConfig,
    LogLevel,
    MultiDimensionalKey,
    OnStoreError,
    RateLimitConfig,
    Settings,
    TuningConfig,
    WindowType,
)
from .store_health import StoreState, StoreStatus
from .switches import SwitchConfig
from .trail import KEPT_FOR, KeyUse, LimitedCall, TrailReading, top_keys

if TYPE_CHECKING:
    from .algorithms.contract import AlgorithmBroken, check_algorithm
    from .decorators.routes import route_guards
    from .dry_run import Caveat, DryRun, Replay
    from .tuning import (
        Tuner,
        TuningApplied,
        TuningKept,
        TuningOutcome,
        TuningReverted,
        TuningSettings,
        outcome_of,
    )
else:
    # Whoever has guards alone needs nothing that tunes or checks them, or tries other numbers.
    _CONTRACT = dict.fromkeys(("AlgorithmBroken", "check_algorithm"), ".algorithms.contract")
    _DRY_RUN = dict.fromkeys(("Caveat", "DryRun", "Replay"), ".dry_run")
    _ROUTES = {"route_guards": ".decorators.routes"}
    __getattr__ = exports(__name__, _CONTRACT | _DRY_RUN | _ROUTES, rest=".tuning")

__all__ = [
    "Tuner",
    "TuningApplied",
    "TuningConfig",
    "TuningKept",
    "TuningOutcome",
    "TuningReverted",
    "TuningSettings",
    "EVERY_FEATURE",
    "FLEET",
    "REDIS_BREAKER",
    "Action",
    "Algorithm",
    "AlgorithmBroken",
    "check_algorithm",
    "algorithm_names",
    "find_algorithm",
    "register_algorithm",
    "whole_units_left",
    "Leases",
    "Meter",
    "Quota",
    "Status",
    "Audit",
    "AuditEntry",
    "BreakerHooks",
    "BreakerMode",
    "BreakerOpenedLocally",
    "BreakerPermit",
    "BreakerState",
    "BreakerWouldOpen",
    "Bulkhead",
    "BulkheadConfig",
    "BulkheadStats",
    "BulkheadStrategy",
    "BulkheadUse",
    "CONFIG_CLASSES",
    "Caveat",
    "Change",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "Classifier",
    "ConfigStore",
    "DegradationConfig",
    "DegradationLevel",
    "DegradationStatus",
    "Dimension",
    "DimensionStatus",
    "DryRun",
    "Entry",
    "Guard",
    "GuardMode",
    "GuardCounts",
    "Instance",
    "Journal",
    "KEPT_FOR",
    "KeyUse",
    "Kind",
    "LimitedCall",
    "LogConfig",
    "LogLevel",
    "MultiDimensionalKey",
    "OnStoreError",
    "Origin",
    "Outcome",
    "Permit",
    "RaisedLevel",
    "RateLimitConfig",
    "RateLimitResult",
    "RateLimiter",
    "Receipt",
    "Replay",
    "Resilience",
    "ResilienceController",
    "Settings",
    "Slot",
    "State",
    "StoreState",
    "StoreStatus",
    "SwitchConfig",
    "TrailReading",
    "WindowType",
    "audit_of",
    "bulkhead",
    "change_to_plain",
    "check_entry",
    "circuit_breaker",
    "declared",
    "degradable",
    "exempt",
    "get_resilience_controller",
    "guarded",
    "limit_views",
    "network_of",
    "noted_limits",
    "parse_kind",
    "rate_limit",
    "rate_limit_headers",
    "route_guards",
    "top_keys",
    "outcome_of",
]
