"""Puts changes known ahead into the invalidation queue, to be published at their moment.

The database is the source of truth: moments that Redis loses are found there again. Times are
compared by Redis's clock alone, so no worker's clock can make a look skip something.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import monotonic

from yoto import cache
from yoto.housekeeping import Housekeeper
from yoto.optimization import (
    DistributedLocks,
    InvalidationSettings,
    SmartInvalidation,
    Submission,
    Window,
)
from yoto.permission.boundaries.rows import EMERGENCY, Boundary, boundaries
from yoto.permission.database.pool import SidePool
from yoto.redis import EXPECTED_FAILURES

log = logging.getLogger(__name__)

LOCK = "invalidation-boundaries"
# s after which another worker takes over from one that died in its look.
LEASE = 3.0
# s before the last look that are read again, for transactions that took long to commit.
OVERLAP = 30.0
# Share of the horizon after which moments that have come into sight are looked for.
QUIET_SHARE = 1 / 3


def span_of(window: Window, settings: InvalidationSettings) -> tuple[float, float]:
    """The first and last moment to look for, in epoch seconds.

    A clock that was set back must not leave anything out.
    """
    now = window.now_ms / 1000
    before = now + settings.boundary_horizon
    if window.looked_ms is None:
        return now - settings.boundary_fallback, before
    return min(window.looked_ms / 1000, now) - OVERLAP, before


def submission_of(boundary: Boundary, margin: float) -> Submission:
    """The invalidation for ``boundary``, due ``margin`` seconds after it."""
    server_id = boundary.server_id
    subject = cache.tags.user(boundary.user_id)
    if boundary.kind == EMERGENCY:
        # The cache holds nothing of it: policies judge by it, and their listeners read it again.
        subject = cache.tags.POLICY
    parent_tag = None if server_id is None else cache.tags.node("server", server_id)
    return Submission(subject, boundary.reason, "all", parent_tag, boundary.moment + margin)


class BoundaryWatch:
    """Runs in each process at each interval; the process that gets the lock looks.

    Attributes:
        failures: looks that failed since the process started.
    """

    def __init__(
        self,
        invalidation: SmartInvalidation,
        locks: DistributedLocks,
        pool: SidePool,
        heard: Callable[[], object] = lambda: None,
    ) -> None:
        """Nothing is looked at yet.

        Args:
            heard: gives another value after each change that was heard of; None: changes are not
                heard, so that each interval needs a look.
        """
        self._invalidation = invalidation
        self._locks = locks
        self._pool = pool
        self._settings = invalidation.settings
        self._keeper = Housekeeper("yoto-boundaries")
        self._keeper.add("look", self.turn)
        self._failing = False
        self._heard = heard
        self._looked_at, self._known = 0.0, heard()
        # The moments that this process gave Redis, in its last known state.
        self._epoch = ""
        self._given: set[Boundary] = set()
        self.failures = 0

    def start(self) -> None:
        """Start the thread unless it runs."""
        self._keeper.start()

    def close(self) -> None:
        """End the thread; it may start again."""
        self._keeper.stop()

    def turn(self) -> float:
        """Look, if there is reason to and no other process is at it; seconds until the next turn.

        Without changes, only the passing of time brings new moments into the span.
        """
        known, now = self._heard(), monotonic()
        quiet = known is not None and known == self._known and not self._failing
        if quiet and now - self._looked_at < self._settings.boundary_horizon * QUIET_SHARE:
            return self._settings.boundary_interval
        self._looked_at, self._known = now, known
        lock = self._locks.create_lock(LOCK, LEASE, wait=0)
        try:
            if lock.acquire():
                try:
                    self.look()
                finally:
                    lock.release()
        except EXPECTED_FAILURES as error:
            self.failures += 1
            if not self._failing:
                log.warning("what is known ahead is not looked for now: %s", error)
            self._failing = True
        else:
            self._failing = False
        return self._settings.boundary_interval

    def look(self) -> int:
        """Queue the moments in the present span; returns how many were new to this process.

        Raises:
            StoreUnavailable: Redis or the database did not answer; the next look makes up for it.
        """
        window = self._invalidation.window()
        if window.epoch != self._epoch:
            self._epoch = window.epoch
            self._given.clear()
        after, before = span_of(window, self._settings)
        self._given = {one for one in self._given if one.moment >= after}
        found = 0
        for page in boundaries(self._pool, after, before):
            new = [one for one in page if one not in self._given]
            if new:
                self._invalidation.submit_many(self._submissions(new))
                self._given.update(new)
                found += len(new)
        self._invalidation.window(window.epoch, window.now_ms)
        return found

    def _submissions(self, new: Iterable[Boundary]) -> list[Submission]:
        return [submission_of(one, self._settings.boundary_margin) for one in new]
