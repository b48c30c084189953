"""How much of what is hot is remembered, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HotSettings:
    """Settings of the hot counts.

    Attributes:
        enabled: whether anything is counted.
        hours: mean life of a count.
        members: pairs, and roles, that are kept; a pair takes about 100 bytes of Redis.
        flush_seconds: how often a process tells Redis what it has counted.
    """

    enabled: bool = True
    hours: float = 24.0
    members: int = 10_000
    flush_seconds: float = 5.0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> HotSettings:
        """What ``config`` has of ``HOT_COUNTS``, ``HOT_HOURS``, ``HOT_MEMBERS``,
        ``HOT_FLUSH_SECONDS``; the configuration of the application has been checked."""
        default = cls()
        return cls(
            config.get("HOT_COUNTS", default.enabled),
            config.get("HOT_HOURS", default.hours),
            config.get("HOT_MEMBERS", default.members),
            config.get("HOT_FLUSH_SECONDS", default.flush_seconds),
        )

    @property
    def life_ms(self) -> float:
        """The mean life in ms."""
        return self.hours * 3_600_000
