"""The rate limiter."""

from .dimensions import Key
from .limiter import RateLimiter
from .result import DimensionStatus, RateLimitResult

__all__ = ["DimensionStatus", "Key", "RateLimitResult", "RateLimiter"]
