"""The memory of denials: a key that was refused is refused again without asking Redis."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from .result import DimensionStatus

# Keys. A few MB; the oldest are forgotten first, which costs a round trip and no more.
LARGEST_MEMORY = 10_000


class Denial(NamedTuple):
    """A denial by Redis.

    Attributes:
        until: when the cost may pass, seconds of the runtime's clock.
        reset_at: when the whole limit is free again, on the same clock.
        cost: units that were refused; fewer may still pass.
        status: the dimension as it was then.
    """

    until: float
    reset_at: float
    cost: int
    status: DimensionStatus


class DenialMemory:
    """Denials by Redis key. Its size is bounded."""

    def __init__(self, largest: int = LARGEST_MEMORY) -> None:
        self._largest = largest
        self._denials: dict[str, Denial] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._denials)

    def find(self, keys: Sequence[str], cost: int, now: float) -> DimensionStatus | None:
        """The longest denial that holds for this cost on any of these keys."""
        denials = self._denials
        if not denials:
            return None
        longest: Denial | None = None
        for key in keys:
            denial = denials.get(key)
            if denial is None:
                continue
            if denial.until <= now:
                denials.pop(key, None)
            elif cost >= denial.cost and (longest is None or denial.until > longest.until):
                longest = denial
        if longest is None:
            return None
        return longest.status._replace(
            retry_after=longest.until - now, reset_after=max(0.0, longest.reset_at - now)
        )

    def remember(self, key: str, cost: int, now: float, status: DimensionStatus) -> None:
        """Keep a denial until its time is over."""
        denial = Denial(now + status.retry_after, now + status.reset_after, cost, status)
        with self._lock:
            # Re-inserted last, so that the first key is the oldest.
            self._denials.pop(key, None)
            self._denials[key] = denial
            while len(self._denials) > self._largest:
                self._denials.pop(next(iter(self._denials)))

    def forget(self, keys: Sequence[str]) -> None:
        """Forget keys that were given units back."""
        for key in keys:
            self._denials.pop(key, None)

    def clear(self) -> None:
        """Forget all denials, when the limits have changed."""
        with self._lock:
            self._denials.clear()
