"""Settings of hot counts, preloading and the warm-up."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, declares, flag, number, of, share, whole

DAY = 24 * 3600.0  # s


@declares
class WarmUp:
    """Hot counts, preloading and warm-up: [warm-up.md](warm-up.md)"""

    HOT_COUNTS = flag(True, "Whether the most requested permissions are counted.")
    HOT_HOURS = number(24.0, 0.01, 8760, "hours", "Mean life of a count.")
    HOT_MEMBERS = whole(
        10_000,
        100,
        1_000_000,
        "members",
        "Pairs, and roles, that are kept; a pair takes about 100 bytes of Redis.",
    )
    HOT_FLUSH_SECONDS = number(
        5.0, 0.1, 3600, "s", "How often a process sends its counts to Redis."
    )
    PRELOAD = flag(True, "Whether workers preload hot entries by themselves, at intervals.")
    PRELOAD_INTERVAL = number(300.0, 1, DAY, "s", "Time between two runs, give or take a fifth.")
    PRELOAD_ENTRIES = whole(5_000, 1, 1_000_000, "entries", "The most entries of a run.")
    PRELOAD_SECONDS = number(30.0, 0.1, 3600, "s", "The longest that a run takes.")
    PRELOAD_SHARE = share(
        0.25, 0.01, "Part of that time in which it works; the rest is left to requests."
    )
    WARM_UP_AT_START = flag(True, "Whether a worker warms up when it starts.")
    WARM_UP_SECONDS = number(60.0, 1, 3600, "s", "The longest that a step of it takes.")


# Those that operators change while workers run.
LIVE = ("PRELOAD", "PRELOAD_INTERVAL", "PRELOAD_ENTRIES", "PRELOAD_SECONDS", "PRELOAD_SHARE")


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


@dataclass(frozen=True, slots=True)
class PreloadSettings(Configured):
    """Settings of preloading.

    Attributes:
        enabled: whether the process preloads at intervals.
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
