"""The circuit breaker."""

from .breaker import CircuitBreaker
from .events import BreakerOpenedLocally
from .permit import BreakerPermit
from .states import BreakerState, State

__all__ = [
    "BreakerOpenedLocally",
    "BreakerPermit",
    "BreakerState",
    "CircuitBreaker",
    "State",
]
