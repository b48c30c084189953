"""How much is preloaded, how often, and how gently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PreloadSettings:
    """Settings of preloading.

    Attributes:
        enabled: whether the process preloads by itself, at intervals.
        interval: seconds between two runs, give or take a fifth.
        entries: the most entries a run.
        seconds: the longest a run takes.
        share: part of that time in which it works; the rest is left to requests.
    """

    enabled: bool = True
    interval: float = 300.0
    entries: int = 5_000
    seconds: float = 30.0
    share: float = 0.25

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PreloadSettings:
        """What ``config`` has of ``PRELOAD``, ``PRELOAD_INTERVAL``, ``PRELOAD_ENTRIES``,
        ``PRELOAD_SECONDS``, ``PRELOAD_SHARE``; the configuration has been checked."""
        default = cls()
        return cls(
            config.get("PRELOAD", default.enabled),
            config.get("PRELOAD_INTERVAL", default.interval),
            config.get("PRELOAD_ENTRIES", default.entries),
            config.get("PRELOAD_SECONDS", default.seconds),
            config.get("PRELOAD_SHARE", default.share),
        )
