"""The rate limiter."""

from .dimensions import Key
from .events import RateLimitReset
from .limiter import RateLimiter
from .result import DimensionStatus, RateLimitResult

__all__ = ["DimensionStatus", "Key", "RateLimitReset", "RateLimitResult", "RateLimiter"]
