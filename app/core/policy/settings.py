"""How policies are run, from the application's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

POLICY_ENGINES = ("embedded", "opa")
INSTEAD_OF_SLOW = ("deny", "last_good")

Instead = Literal["deny", "last_good"]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Settings of one application's policies; ``config.py`` says what each is for.

    Attributes:
        directory: a folder of policies that is watched; None: none.
        poll_seconds: between looks at the record whether something was missed.
        cache_size, cache_seconds: verdicts kept, and the longest that one is given again.
        cache_seconds_max: how far the adaptive part may widen ``cache_seconds``.
        slow_alert_ms, slow_limit_ms: median latencies that raise an alert and end the service.
        instead_of_slow: what is in service instead.
        deny_jump: how far a promotion may raise the share of denials, 0 to 1.
    """

    directory: Path | None = None
    poll_seconds: float = 2.0
    cache_size: int = 10_000
    cache_seconds: float = 5.0
    cache_seconds_max: float = 60.0
    slow_alert_ms: float = 50.0
    slow_limit_ms: float = 500.0
    instead_of_slow: Instead = "deny"
    deny_jump: float = 0.2

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PolicySettings:
        """The keys ``POLICY_...`` of an application; what is missing is as above."""
        directory = config.get("POLICY_DIR")
        instead = config.get("POLICY_INSTEAD_OF_SLOW", "deny")
        return cls(
            directory=Path(directory) if directory else None,
            poll_seconds=config.get("POLICY_POLL_SECONDS", 2.0),
            cache_size=config.get("POLICY_CACHE_SIZE", 10_000),
            cache_seconds=config.get("POLICY_CACHE_SECONDS", 5.0),
            cache_seconds_max=config.get("POLICY_CACHE_SECONDS_MAX", 60.0),
            slow_alert_ms=config.get("POLICY_SLOW_ALERT_MS", 50.0),
            slow_limit_ms=config.get("POLICY_SLOW_LIMIT_MS", 500.0),
            instead_of_slow=cast(Instead, instead),
            deny_jump=config.get("POLICY_DENY_JUMP", 0.2),
        )
