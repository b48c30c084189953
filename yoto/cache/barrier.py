"""Lets a check wait until this process has applied the changes that the caller knows of."""

from __future__ import annotations

from yoto.cache.counts import CacheCounts
from yoto.cache.log import InvalidationLog
from yoto.cache.position import Position
from yoto.cache.tailer import Tailer
from yoto.errors import ValidationFailed
from yoto.redis import REDIS_UNAVAILABLE

# s after which a waiting caller asks whether the position exists at all.
FIRST_WAIT = 0.02


class Barrier:
    """Waits for positions, and refuses those that were never given out."""

    def __init__(
        self, log: InvalidationLog, tailer: Tailer, counts: CacheCounts, limit: float
    ) -> None:
        """``limit``: seconds that a caller may be made to wait."""
        self._log = log
        self._tailer = tailer
        self._counts = counts
        self._limit = limit

    def reached(self, at_least: Position | str) -> bool:
        """Wait until ``at_least`` was applied; whether it was.

        Raises:
            ValidationFailed: it is no position, or one beyond the end of the log.
        """
        position = _checked(at_least)
        tailer = self._tailer
        if tailer.applied >= position:
            return True
        self._counts.position_waits += 1
        first_wait = min(FIRST_WAIT, self._limit)
        if tailer.wait_until_applied(position, first_wait):
            return True
        self._refuse_future(position)
        if tailer.wait_until_applied(position, self._limit - first_wait):
            return True
        self._counts.position_timeouts += 1
        return False

    def _refuse_future(self, position: Position) -> None:
        try:
            newest = self._log.newest()
        except REDIS_UNAVAILABLE:
            newest = None
        if newest is None:
            # It cannot be determined; the database knows at least as much as any position.
            return
        # After a failover the log may end before a position that was given out.
        if position > max(newest.position, self._tailer.known):
            raise ValidationFailed(
                {"at_least": f"{position} is from the future: the log ends at {newest.position}"}
            )


def _checked(at_least: Position | str) -> Position:
    if isinstance(at_least, Position):
        return at_least
    return Position.parse(at_least, "at_least")
