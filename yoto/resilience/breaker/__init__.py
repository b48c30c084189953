"""The circuit breaker."""

from .breaker import CircuitBreaker
from .events import BreakerOpenedLocally, BreakerWouldOpen
from .permit import BreakerPermit
from .states import BreakerState, State

__all__ = [
    "BreakerOpenedLocally",
    "BreakerPermit",
    "BreakerState",
    "BreakerWouldOpen",
    "CircuitBreaker",
    "State",
]
