"""The result of preloading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreloadReport:
    """One run.

    Attributes:
        wanted: entries that were to be in memory.
        l1: entries that were there already.
        l2: entries that were copied from Redis.
        db: entries that were loaded from the database.
        gone: entries whose place or user no longer exists.
        left: entries that are not in memory now.
        seconds: how long it took, pauses included.
        ended: ``"done"``, ``"time"`` (its time was up) or ``"stopped"`` (the process ends).
    """

    wanted: int
    l1: int
    l2: int
    db: int
    gone: int
    left: int
    seconds: float
    ended: str

    @property
    def loaded(self) -> int:
        """Entries that this run brought into memory."""
        return self.l2 + self.db


@dataclass(frozen=True, slots=True)
class PreloadStats:
    """The preloading of one process since it started.

    Attributes:
        running: whether it preloads at intervals.
        runs, failures: runs that ended, and runs that an error ended.
        l2, db: entries copied from Redis, and loaded from the database.
        left: entries that runs had no time for.
        used: preloaded entries that were then read.
        unused: preloaded entries that were never read before they stopped being hot.
        waiting: preloaded entries that were not read yet.
        last: the last run that ended.
        error: the error of the last failed one.
    """

    running: bool
    runs: int
    failures: int
    l2: int
    db: int
    left: int
    used: int
    unused: int
    waiting: int
    last: PreloadReport | None
    error: str | None
