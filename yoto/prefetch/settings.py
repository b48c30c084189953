"""How an application records behaviour and prefetches, from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DAY = 24 * 3600.0  # s


@dataclass(frozen=True, slots=True)
class PrefetchSettings:
    """Settings of one application; ``config.py`` says what each is for.

    Attributes:
        enabled: whether anything is recorded or prefetched at all.
        sample: share of users whose behaviour is recorded, 0 to 1.
        buffer: deeds that wait in the process to be learned from and stored.
        history: deeds that Redis keeps of a user.
        retention: seconds that Redis keeps them.
        half_life: seconds after which a deed counts half.
        users: users of whom the process keeps a model.
        confidence: probability from which a place is prefetched, 0 to 1.
        rate: loads a second, at most.
        concurrency: loads at a time, at most.
        memory_share: share of the cache that may be entries prefetched and not used yet.
        precision: share of prefetches that must be used, or there will be fewer.
        snapshot_seconds: how long a snapshot of permissions is good for.
    """

    enabled: bool = True
    sample: float = 1.0
    buffer: int = 10_000
    history: int = 128
    retention: float = 30 * DAY
    half_life: float = 7 * DAY
    users: int = 1_000
    confidence: float = 0.2
    rate: float = 50.0
    concurrency: int = 2
    memory_share: float = 0.1
    precision: float = 0.4
    snapshot_seconds: float = 60.0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PrefetchSettings:
        """The keys ``PREFETCH_...`` of an application, all of which ``config.py`` has."""
        return cls(
            enabled=config["PREFETCH_ENABLED"],
            sample=config["PREFETCH_SAMPLE"],
            buffer=config["PREFETCH_BUFFER"],
            history=config["PREFETCH_HISTORY"],
            retention=config["PREFETCH_RETENTION_DAYS"] * DAY,
            half_life=config["PREFETCH_HALF_LIFE_DAYS"] * DAY,
            users=config["PREFETCH_USERS"],
            confidence=config["PREFETCH_CONFIDENCE"],
            rate=config["PREFETCH_RATE"],
            concurrency=config["PREFETCH_CONCURRENCY"],
            memory_share=config["PREFETCH_MEMORY_SHARE"],
            precision=config["PREFETCH_PRECISION"],
            snapshot_seconds=config["PREFETCH_SNAPSHOT_SECONDS"],
        )
