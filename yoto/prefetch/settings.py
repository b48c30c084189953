"""Settings of recording and prefetching, from the application's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, of

DAY = 24 * 3600.0  # s


def _seconds(days: float) -> float:
    return days * DAY


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
