"""Connection settings of an OPA server."""

from __future__ import annotations

from dataclasses import dataclass, field

from yoto.resilience import CircuitBreakerConfig
from yoto.rooms.policies.settings import Policies
from yoto.settings import declared, of

# Seconds. Sending a bundle compiles all modules of the server once a module.
DEFAULT_PUSH_TIMEOUT = 15.0

OPA_BREAKER = CircuitBreakerConfig(
    # Consecutive evaluations without a response.
    consecutive_failures=5,
    # Seconds. A server that restarts is back soon, and every second without it denies.
    recovery_timeout=1.0,
    recovery_timeout_max=5.0,
    # Seconds. A slow call passes the time-out, and that is a failure already.
    slow_call_duration=declared(Policies)["OPA_TIMEOUT"].default * 10,
)


@dataclass(frozen=True, slots=True)
class OpaSettings:
    """One server.

    Attributes:
        url: ``http://host:port`` or ``https://...``, with a path in front of ``/v1`` if need be.
        token: bearer token; empty: none is sent.
        ca_file: PEM file of the authorities to trust; None: the system's.
        timeout: seconds after which an evaluation is given up.
        push_timeout: seconds after which sending a whole bundle is given up.
    """

    url: str
    token: str = field(default="", repr=False)
    ca_file: str | None = None
    timeout: float = of("OPA_TIMEOUT")
    push_timeout: float = DEFAULT_PUSH_TIMEOUT
