"""Settings of recording and prefetching."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import (
    Combination,
    Configured,
    declares,
    flag,
    go_together,
    number,
    of,
    share,
    whole,
)

DAY = 24 * 3600.0  # s


def _seconds(days: float) -> float:
    return days * DAY


@declares
class Prefetching:
    """Behaviour and prefetching: [prefetch.md](prefetch.md)"""

    PREFETCH_ENABLED = flag(True, "Whether anything is recorded or prefetched.")
    PREFETCH_SAMPLE = share(1.0, 0, "Share of users whose behaviour is recorded.")
    PREFETCH_HISTORY = whole(128, 8, 10_000, "actions", "Actions that Redis keeps of a user.")
    PREFETCH_RETENTION_DAYS = number(30.0, 0.01, 3650, "days", "How long it keeps them.")
    PREFETCH_HALF_LIFE_DAYS = number(
        7.0, 0.04, 3650, "days", "After so long an action counts half."
    )
    PREFETCH_BUFFER = whole(
        10_000, 100, 1_000_000, "actions", "Actions that may wait in a process."
    )
    PREFETCH_USERS = whole(1_000, 1, 1_000_000, "users", "Users of whom a process keeps a model.")
    PREFETCH_CONFIDENCE = share(
        0.2, 0.01, "The probability from which a place is prefetched, at best."
    )
    PREFETCH_RATE = number(50.0, 1, 100_000, "loads a second", "Prefetches, at most.")
    PREFETCH_CONCURRENCY = whole(
        2,
        1,
        100,
        "loads",
        "Loads at a time; fewer than `PERMISSION_POOL_SIZE`, whose connections they take.",
    )
    PREFETCH_MEMORY_SHARE = share(
        0.1, 0.001, "Share of the cache that may be prefetched and not used yet."
    )
    PREFETCH_PRECISION = share(
        0.4, 0, "Share of prefetches that must be used, or there will be fewer."
    )
    PREFETCH_SNAPSHOT_SECONDS = number(
        60.0,
        1,
        3600,
        "s",
        "How long a client may show controls by a snapshot of its user's permissions.",
    )


go_together(
    Combination(
        ("PREFETCH_CONCURRENCY", "PERMISSION_POOL_SIZE", "PREFETCH_ENABLED"),
        lambda loads, connections, enabled: not enabled or loads < connections,
        "must be less than {0}PERMISSION_POOL_SIZE, whose connections prefetching takes,"
        " unless {0}PREFETCH_ENABLED is false",
    )
)
# Those that operators change while workers run.
LIVE = ("PREFETCH_CONFIDENCE", "PREFETCH_RATE", "PREFETCH_MEMORY_SHARE", "PREFETCH_PRECISION")


@dataclass(frozen=True, slots=True)
class PrefetchSettings(Configured):
    """Settings of one application.

    Attributes:
        enabled: whether anything is recorded or prefetched at all.
        sample: share of users whose behaviour is recorded, 0 to 1.
        buffer: actions that wait in the process to be learned from and stored.
        history: actions that Redis keeps of a user.
        retention: seconds that Redis keeps them.
        half_life: seconds after which an action counts half.
        users: users of whom the process keeps a model.
        confidence: probability from which a place is prefetched, 0 to 1.
        rate: loads a second, at most.
        concurrency: loads at a time, at most.
        memory_share: share of the cache that may be entries prefetched and not used yet.
        precision: share of prefetches that must be used, or there will be fewer.
        snapshot_seconds: how long a snapshot of permissions is valid.
    """

    enabled: bool = of("PREFETCH_ENABLED")
    sample: float = of("PREFETCH_SAMPLE")
    buffer: int = of("PREFETCH_BUFFER")
    history: int = of("PREFETCH_HISTORY")
    retention: float = of("PREFETCH_RETENTION_DAYS", _seconds)
    half_life: float = of("PREFETCH_HALF_LIFE_DAYS", _seconds)
    users: int = of("PREFETCH_USERS")
    confidence: float = of("PREFETCH_CONFIDENCE")
    rate: float = of("PREFETCH_RATE")
    concurrency: int = of("PREFETCH_CONCURRENCY")
    memory_share: float = of("PREFETCH_MEMORY_SHARE")
    precision: float = of("PREFETCH_PRECISION")
    snapshot_seconds: float = of("PREFETCH_SNAPSHOT_SECONDS")
