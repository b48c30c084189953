"""Reports that memory was dropped because the log was not read for too long, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

log = logging.getLogger(__name__)

# s without another lapse after which a spell of them is over.
SPELL_OVER = 30.0


class Lapses:
    """Lapses in one process: a line when a spell of them begins, and one with their number at its
    end.

    Either Redis was silent, and some read of it failed meanwhile; or all reads succeeded, and the
    process was too busy, or stopped, to make them in time.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._in_spell = 0
        self._began = self._last = 0.0
        self._longest = 0.0
        self._reported_silence = False

    def note(self, seconds: float, redis_failed: bool) -> None:
        """Memory was dropped after so many seconds, in which a read of Redis failed or none did."""
        self.end_if_over()
        now = self._clock()
        if not self._in_spell:
            self._began, self._longest, self._reported_silence = now, 0.0, False
        if redis_failed and not self._reported_silence:
            self._reported_silence = True
            log.warning("redis was silent for %.1f s: the process's memory is dropped", seconds)
        elif not self._in_spell:
            log.info(
                "this process was busy or stopped for %.1f s, while redis answered: its memory is"
                " dropped, and it asks the database until memory is filled again",
                seconds,
            )
        self._in_spell += 1
        self._longest, self._last = max(self._longest, seconds), now

    def end_if_over(self) -> None:
        """Report the end of a spell, when no lapse came for a while."""
        if not self._in_spell or self._clock() - self._last < SPELL_OVER:
            return
        times, self._in_spell = self._in_spell, 0
        if times > 1:
            log.info(
                "the process's memory was dropped %d times in %.0f s, after at most %.1f s: %s",
                times,
                self._last - self._began,
                self._longest,
                "redis was silent" if self._reported_silence else "the process was busy",
            )
