"""Statistics of a process about its hot counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HotStats:
    """A snapshot.

    Attributes:
        enabled: whether anything is counted.
        gathered: pairs in memory that no batch has yet.
        waiting: batches that Redis has not confirmed.
        batches: batches that Redis took since the process started.
        dropped: requests not counted, because too many pairs waited for Redis.
        failures: flushes that failed.
    """

    enabled: bool
    gathered: int
    waiting: int
    batches: int
    dropped: int
    failures: int
