"""Breaker, rate limit and bulkhead of one name, in one script call each way."""

from .guard import Guard
from .permit import Permit

__all__ = ["Guard", "Permit"]
