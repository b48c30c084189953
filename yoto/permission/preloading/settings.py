"""Settings of preloading: amount, interval and load."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, of


@dataclass(frozen=True, slots=True)
class PreloadSettings(Configured):
    """Settings of preloading.

    Attributes:
        enabled: whether the process preloads by itself, at intervals.
        interval: seconds between two runs, give or take a fifth.
        entries: the most entries a run.
        seconds: the longest a run takes.
        share: part of that time in which it works; the rest is left to requests.
    """

    enabled: bool = of("PRELOAD")
    interval: float = of("PRELOAD_INTERVAL")
    entries: int = of("PRELOAD_ENTRIES")
    seconds: float = of("PRELOAD_SECONDS")
    share: float = of("PRELOAD_SHARE")
