"""Whether a reader of the log has missed something. Pure: entries in, a finding out."""

from __future__ import annotations

from enum import StrEnum

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
