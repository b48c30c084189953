"""The frozen configuration objects of the guards; each validates once, when it is made."""

from .breaker import BreakerMode, CircuitBreakerConfig, WindowType
from .bulkhead import BulkheadConfig, BulkheadStrategy
from .degradation import DegradationConfig, DegradationLevel
from .limiter import Dimension, MultiDimensionalKey, RateLimitConfig
from .logs import LogConfig, LogLevel
from .mode import GuardMode
from .rules import Settings
from .store import OnStoreError
from .tuning import MOST_IDS, TuningConfig

__all__ = [
    "BreakerMode",
    "BulkheadConfig",
    "BulkheadStrategy",
    "CircuitBreakerConfig",
    "DegradationConfig",
    "DegradationLevel",
    "Dimension",
    "GuardMode",
    "LogConfig",
    "LogLevel",
    "MOST_IDS",
    "MultiDimensionalKey",
    "OnStoreError",
    "RateLimitConfig",
    "Settings",
    "TuningConfig",
    "WindowType",
]
