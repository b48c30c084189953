"""The frozen configuration objects of the guards; each validates once, when it is made."""

from yoto.rules import Settings

from .breaker import BreakerMode, CircuitBreakerConfig, WindowType
from .bulkhead import BulkheadConfig, BulkheadStrategy
from .degradation import DegradationConfig, DegradationLevel
from .limiter import Dimension, MultiDimensionalKey, RateLimitConfig, first_and_others
from .mode import GuardMode, OnStoreError
from .switches import LogConfig, LogLevel
from .tuning import MOST_IDS, TuningConfig, tuning_config
from .windows import LONGEST_WINDOW, LimitWindow, is_windows, span_text, windows_of

__all__ = [
    "BreakerMode",
    "BulkheadConfig",
    "BulkheadStrategy",
    "CircuitBreakerConfig",
    "DegradationConfig",
    "DegradationLevel",
    "Dimension",
    "GuardMode",
    "LONGEST_WINDOW",
    "LogConfig",
    "LogLevel",
    "MOST_IDS",
    "MultiDimensionalKey",
    "OnStoreError",
    "RateLimitConfig",
    "Settings",
    "TuningConfig",
    "LimitWindow",
    "WindowType",
    "first_and_others",
    "is_windows",
    "span_text",
    "tuning_config",
    "windows_of",
]
