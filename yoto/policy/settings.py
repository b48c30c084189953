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

    directory: Path | None
    poll_seconds: float
    cache_size: int
    cache_seconds: float
    cache_seconds_max: float
    slow_alert_ms: float
    slow_limit_ms: float
    instead_of_slow: Instead
    deny_jump: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PolicySettings:
        """The keys ``POLICY_...`` of an application, all of which ``config.py`` has."""
        directory = config["POLICY_DIR"]
        return cls(
            directory=Path(directory) if directory else None,
            poll_seconds=config["POLICY_POLL_SECONDS"],
            cache_size=config["POLICY_CACHE_SIZE"],
            cache_seconds=config["POLICY_CACHE_SECONDS"],
            cache_seconds_max=config["POLICY_CACHE_SECONDS_MAX"],
            slow_alert_ms=config["POLICY_SLOW_ALERT_MS"],
            slow_limit_ms=config["POLICY_SLOW_LIMIT_MS"],
            instead_of_slow=cast(Instead, config["POLICY_INSTEAD_OF_SLOW"]),
            deny_jump=config["POLICY_DENY_JUMP"],
        )
