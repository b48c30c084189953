"""When to try loading again after it failed: in twice the time, up to a minute. Pure."""

from __future__ import annotations

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s
# Failures in a row that are bad luck; with the next one the pause begins.
TOLERATED = 2


class Backoff:
    """Counts failures in a row. One try is let through when a pause is over."""

    def __init__(self) -> None:
        self.failures = 0
        self._until = 0.0

    def failed(self, now: float) -> None:
        """Loading failed or took too long at ``now`` (monotonic s)."""
        self.failures += 1
        if self.failures > TOLERATED:
            doubled = FIRST_PAUSE * 2.0 ** min(self.failures - TOLERATED - 1, 10)
            self._until = now + min(LONGEST_PAUSE, doubled)

    def succeeded(self) -> None:
        """Loading works."""
        self.failures, self._until = 0, 0.0

    def pause(self, now: float) -> float:
        """Seconds until the next try, 0: now. A clock that is set back prolongs nothing."""
        return min(LONGEST_PAUSE, max(0.0, self._until - now)) if self.probing else 0.0

    @property
    def probing(self) -> bool:
        """Whether the next load is a probe: one at a time until it works."""
        return self.failures > TOLERATED
