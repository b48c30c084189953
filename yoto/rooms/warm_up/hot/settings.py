"""Limits of the hot counts: how many, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, of


@dataclass(frozen=True, slots=True)
class HotSettings(Configured):
    """Settings of the hot counts.

    Attributes:
        enabled: whether anything is counted.
        hours: mean life of a count.
        members: pairs, and roles, that are kept; a pair takes about 100 bytes of Redis.
        flush_seconds: how often a process sends its counts to Redis.
    """

    enabled: bool = of("HOT_COUNTS")
    hours: float = of("HOT_HOURS")
    members: int = of("HOT_MEMBERS")
    flush_seconds: float = of("HOT_FLUSH_SECONDS")

    @property
    def life_ms(self) -> float:
        """The mean life in ms."""
        return self.hours * 3_600_000
