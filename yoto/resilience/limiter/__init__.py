"""The rate limiter."""

from .dimensions import Key
from .lease import LeaseView
from .limiter import RateLimiter, RateLimitReset
from .result import DimensionStatus, RateLimitResult

__all__ = [
    "DimensionStatus",
    "Key",
    "LeaseView",
    "RateLimitReset",
    "RateLimitResult",
    "RateLimiter",
]
