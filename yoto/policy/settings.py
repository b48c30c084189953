"""Settings of policies, from the application's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoto.settings import Configured, of

Instead = Literal["deny", "last_good"]


@dataclass(frozen=True, slots=True)
class PolicySettings(Configured):
    """Settings of one application's policies.

    Attributes:
        directory: a folder of policies that is watched; None: none.
        poll_seconds: time between looks at the record for missed changes.
        cache_size, cache_seconds: verdicts kept, and the longest reuse of one.
        cache_seconds_max: how far the adaptive part may widen ``cache_seconds``.
        slow_alert_ms, slow_limit_ms: median latencies that raise an alert and end the service.
        instead_of_slow: the fallback for a set out of service.
        deny_jump: how far a promotion may raise the share of denials, 0 to 1.
    """

    directory: Path | None = of("POLICY_DIR", Path)
    poll_seconds: float = of("POLICY_POLL_SECONDS")
    cache_size: int = of("POLICY_CACHE_SIZE")
    cache_seconds: float = of("POLICY_CACHE_SECONDS")
    cache_seconds_max: float = of("POLICY_CACHE_SECONDS_MAX")
    slow_alert_ms: float = of("POLICY_SLOW_ALERT_MS")
    slow_limit_ms: float = of("POLICY_SLOW_LIMIT_MS")
    instead_of_slow: Instead = of("POLICY_INSTEAD_OF_SLOW")
    deny_jump: float = of("POLICY_DENY_JUMP")
