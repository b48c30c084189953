"""Whether a reader of the log has missed something. Pure: entries in, a finding out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from time import monotonic

from yoto.cache.log import LogEntry
from yoto.cache.position import ORIGIN, Position


class Gap(StrEnum):
    """Why events may have passed unseen.

    ``START``: nothing was read before. ``TRIMMED``: entries went before this reader came to them;
    others may have read them. ``REWRITTEN``: Redis lost entries, which may never have reached any
    reader, so that every reader must be notified.
    """

    START = "start"
    TRIMMED = "trimmed"
    REWRITTEN = "rewritten"


class Continuity:
    """Follows the numbers of the entries. Not thread-safe.

    Attributes:
        known: the newest position that is known to have been given out, read or appended.
    """

    def __init__(self) -> None:
        self.known = ORIGIN
        self._known_number = 0
        self._number: int | None = None

    @property
    def number(self) -> int | None:
        """The number of the entry that was read last; None: none, or the next begins anew."""
        return self._number

    @property
    def known_number(self) -> int:
        """The number of the entry at ``known``; 0: none."""
        return self._known_number

    def note(self, entry: LogEntry) -> None:
        """``entry`` was appended, and will come by some time."""
        if entry.position > self.known:
            self.known, self._known_number = entry.position, entry.number

    def check_newest(self, newest: LogEntry, known: Position) -> Gap | None:
        """Judge the end of the log.

        Args:
            newest: the last entry of the log.
            known: ``self.known`` as it was before that was asked for.
        """
        return None if newest.position >= known else Gap.REWRITTEN

    def follow(self, entry: LogEntry) -> Gap | None:
        """Judge the entry that was read next, and go on from it."""
        gap = self._check(entry)
        self._number = entry.number
        self.note(entry)
        return gap

    def _check(self, entry: LogEntry) -> Gap | None:
        if entry.position > self.known and entry.number <= self._known_number:
            return Gap.REWRITTEN
        if self._number is None:
            return Gap.START
        if entry.number == self._number + 1:
            return None
        return Gap.TRIMMED if entry.number > self._number else Gap.REWRITTEN

    def begin_anew(self) -> None:
        """Accept any number of the next entry; ``known`` stays."""
        self._number = None
        self._known_number = 0


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
