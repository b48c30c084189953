"""The rate limiter."""

from .dimensions import Key
from .limiter import RateLimiter, RateLimitReset
from .result import DimensionStatus, RateLimitResult

__all__ = ["DimensionStatus", "Key", "RateLimitReset", "RateLimitResult", "RateLimiter"]
