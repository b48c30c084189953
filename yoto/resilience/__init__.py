"""Distributed guards, their live configuration, and the controller that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from .algorithms import (
    Algorithm,
    Quota,
    Status,
    algorithm_names,
    find_algorithm,
    register_algorithm,
    whole_units_left,
)
from .breaker import BreakerState, CircuitBreaker, State
from .breaker_hooks import BreakerHooks
from .bulkhead import BulkheadStats
from .config_store import (
    FLEET,
    REDIS_BREAKER,
    Action,
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
    class_of,
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
    route_guards,
)
from .degradation import EVERY_FEATURE, RaisedLevel
from .extension import Resilience, get_resilience_controller
from .headers import noted_limits, rate_limit_headers
from .limiter import RateLimitResult
from .networks import network_of
from .outcome import Classifier, Outcome
from .settings import (
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
    RateLimitConfig,
    Settings,
    TuningConfig,
    tuning_config,
)
from .settings.switches import SwitchConfig
from .store_health import StoreState
from .trail import KEPT_FOR, LimitedCall, TrailReading, top_keys

if TYPE_CHECKING:
    from .algorithms.contract import AlgorithmBroken, check_algorithm
else:
    # An application with guards alone needs nothing that checks algorithms.
    _CONTRACT = dict.fromkeys(("AlgorithmBroken", "check_algorithm"), ".algorithms.contract")
    __getattr__ = exports(__name__, _CONTRACT)

__all__ = [
    "TuningConfig",
    "tuning_config",
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
    "Quota",
    "Status",
    "BreakerHooks",
    "BreakerState",
    "BulkheadConfig",
    "BulkheadStats",
    "BulkheadStrategy",
    "Change",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "Classifier",
    "ConfigStore",
    "DegradationConfig",
    "DegradationLevel",
    "Dimension",
    "Entry",
    "GuardMode",
    "Journal",
    "KEPT_FOR",
    "Kind",
    "LimitedCall",
    "LogConfig",
    "LogLevel",
    "MultiDimensionalKey",
    "Origin",
    "Outcome",
    "RaisedLevel",
    "RateLimitConfig",
    "RateLimitResult",
    "Receipt",
    "Resilience",
    "ResilienceController",
    "Settings",
    "State",
    "StoreState",
    "SwitchConfig",
    "TrailReading",
    "audit_of",
    "bulkhead",
    "change_to_plain",
    "check_entry",
    "class_of",
    "circuit_breaker",
    "declared",
    "degradable",
    "exempt",
    "get_resilience_controller",
    "guarded",
    "limit_views",
    "network_of",
    "noted_limits",
    "rate_limit",
    "rate_limit_headers",
    "route_guards",
    "top_keys",
]
