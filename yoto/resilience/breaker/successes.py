"""Calls that succeeded in time, recorded together."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from ..deferred import Deferred
from ..process import current_pid

# Seconds until they are recorded; half a bucket of the shortest window of seconds.
AT_MOST = 0.05
# Calls that are recorded together; as many as the largest window of calls holds.
MOST_AT_ONCE = 1_000


class Successes:
    """Counts by period, and records soon. Safe for threads and greenlets."""

    def __init__(self, record: Callable[[int, int], None], deferred: Deferred) -> None:
        """``record`` takes a period and the number of its calls that succeeded."""
        self._record = record
        self._flush_soon = deferred.job(self.flush)
        self._reset()

    def _reset(self) -> None:
        self._pid = current_pid()
        self._waiting: deque[int] = deque()

    def note(self, period: int) -> None:
        """A call that was admitted in this period succeeded."""
        if self._pid != current_pid():
            self._reset()  # the parent's successes are the parent's
        self._waiting.append(period)
        if len(self._waiting) >= MOST_AT_ONCE:
            self.flush()
        else:
            self._flush_soon(AT_MOST)

    def flush(self) -> None:
        """Record waiting successes now."""
        if self._pid != current_pid():
            return
        counts: Counter[int] = Counter()
        waiting = self._waiting
        try:
            while True:
                counts[waiting.popleft()] += 1
        except IndexError:
            pass
        for period, count in counts.items():
            self._record(period, count)
