"""The share of denials, before and after a promotion."""

from __future__ import annotations

import threading
from dataclasses import dataclass

# Decisions on each side without which nothing is concluded.
MINIMUM = 50


@dataclass(frozen=True, slots=True)
class DenyRate:
    """Denials among decisions."""

    decisions: int
    denials: int

    @property
    def share(self) -> float | None:
        """0 to 1; None without decisions."""
        return self.denials / self.decisions if self.decisions else None


class Tally:
    """Counts decisions of one set in one process. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decisions = self._denials = 0

    def add(self, allow: bool) -> None:
        """Count one."""
        with self._lock:
            self._decisions += 1
            self._denials += not allow

    def read(self) -> DenyRate:
        """The counts now."""
        with self._lock:
            return DenyRate(self._decisions, self._denials)


def jumped(before: DenyRate, after: DenyRate, bound: float) -> bool:
    """Whether the share of denials rose by more than ``bound`` (0 to 1).

    With fewer than ``MINIMUM`` decisions on either side this is unknown, so the result is False.
    """
    if min(before.decisions, after.decisions) < MINIMUM:
        return False
    return after.denials / after.decisions - before.denials / before.decisions > bound
