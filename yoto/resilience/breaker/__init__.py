"""The circuit breaker."""

from .breaker import CircuitBreaker
from .permit import BreakerPermit
from .states import BreakerOpenedLocally, BreakerState, State

__all__ = [
    "BreakerOpenedLocally",
    "BreakerPermit",
    "BreakerState",
    "CircuitBreaker",
    "State",
]
