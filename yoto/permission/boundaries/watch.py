"""Publishes changes known ahead at their moment, or gives them to a queue that does.

The database is the source of truth: moments that Redis loses are found there again. Times are
compared by Redis's clock alone, so no worker's clock can make a look skip something.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import NamedTuple

from yoto.housekeeping import Housekeeper
from yoto.optimization import DistributedLocks, keeps_lock
from yoto.permission.boundaries.rows import Boundary, boundaries
from yoto.permission.database.pool import SidePool
from yoto.redis import EXPECTED_FAILURES, RedisConnection, load_script
from yoto.settings import Configured, of


@dataclass(frozen=True, slots=True)
class BoundarySettings(Configured):
    """Settings of the watch; times in seconds.

    Attributes:
        interval: between two looks at the database.
        horizon: how far ahead a look goes; more than two intervals, so that nothing is late.
        margin: after a moment until it is published, since clocks differ.
        fallback: how far back the first look goes when no earlier one is known.
    """

    interval: float = of("INVALIDATION_BOUNDARY_INTERVAL")
    horizon: float = of("INVALIDATION_BOUNDARY_HORIZON")
    margin: float = of("INVALIDATION_BOUNDARY_MARGIN")
    fallback: float = of("INVALIDATION_BOUNDARY_FALLBACK")


# ms, refreshed by each use.
TTL_MS = 7 * 24 * 3600 * 1000
_WINDOW = load_script("yoto.permission.boundaries.lua", "window.lua")


class SearchWindow(NamedTuple):
    """The time until which was searched, in ms of Redis's time.

    Attributes:
        epoch: a change of it means that Redis has lost its data.
        looked_ms: None: unknown.
    """

    now_ms: int
    epoch: str
    looked_ms: int | None


class SearchedUntil:
    """Shared by all workers. Every method raises ``StoreUnavailable``."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis

    def read(self) -> SearchWindow:
        """The time until which was searched, and Redis's time."""
        return self._run()

    def note(self, epoch: str, looked_ms: int) -> None:
        """Note that time; nothing is noted if Redis has lost its data since ``epoch`` was read."""
        self._run(epoch, looked_ms)

    def _run(self, *noted: str | int) -> SearchWindow:
        args = [secrets.token_hex(8), TTL_MS, *noted]
        key = self._redis.keys.invalidation_queue("state")
        now_ms, epoch, looked = self._redis.scripts.run(_WINDOW, [key], args)
        return SearchWindow(now_ms, epoch.decode(), None if looked is None else int(looked))


log = logging.getLogger(__name__)

LOCK = "invalidation-boundaries"
# s after which another worker takes over from one that died in its look.
LEASE = 3.0
# s before the last look that are read again, for transactions that took long to commit.
OVERLAP = 30.0
# Share of the horizon after which moments that have come into sight are looked for.
QUIET_SHARE = 1 / 3
# If the moments of more people than this in one home have passed, the home is published instead.
MERGE_ABOVE = 20
# Subjects of one entry of the log.
ENTRY = 500


def span_of(window: SearchWindow, settings: BoundarySettings) -> tuple[float, float]:
    """The first and last moment to look for, in epoch seconds.

    Neither moments before a clock that was set back, nor those within the margin of the last look,
    may be skipped.
    """
    now = window.now_ms / 1000
    before = now + settings.horizon
    if window.looked_ms is None:
        return now - settings.fallback, before
    return min(window.looked_ms / 1000, now) - settings.margin - OVERLAP, before


def subjects_of(passed: Sequence[Boundary]) -> list[str]:
    """The subjects to publish for moments that have passed, each once."""
    distinct = dict.fromkeys((one.subject, one.covering) for one in passed)
    people = Counter(covering for _, covering in distinct)
    return list(
        dict.fromkeys(
            subject if covering is None or people[covering] <= MERGE_ABOVE else covering
            for subject, covering in distinct
        )
    )


class BoundaryWatch:
    """Runs in each process at each interval; the process that has the lock looks.

    Attributes:
        settings: its settings.
        queue: takes moments ahead of time and publishes each when it has passed, and the margin;
            None: the watch does it.
        failures: looks that failed since the process started.
    """

    def __init__(
        self,
        publish: Callable[..., object],
        searched: SearchedUntil,
        locks: DistributedLocks,
        pool: SidePool,
        settings: BoundarySettings,
        heard: Callable[[], object] = lambda: None,
    ) -> None:
        """Nothing is looked at yet.

        Args:
            publish: appends subjects to the log.
            heard: gives another value after each change that was heard of; None: changes are not
                heard, so that each interval needs a look.
        """
        self._publish = publish
        self._searched = searched
        self._lock = locks.create_lock(LOCK, LEASE, wait=0, of_process=True)
        self._pool = pool
        self.settings = settings
        self.queue: Callable[[Sequence[Boundary]], object] | None = None
        self._keeper = Housekeeper("yoto-boundaries")
        self._keeper.add("look", self.turn)
        self._failing = False
        self._heard = heard
        self._looked_at, self._known = 0.0, heard()
        # Monotonic s at which the first moment in sight is to be published here.
        self._due = inf
        # The moments that this process has dealt with, in Redis's last known state.
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
        """Look, if there is reason to and this process has the lock; seconds until the next turn.

        Without changes, only the passing of time brings new moments into the span.
        """
        settings, known, now = self.settings, self._heard(), monotonic()
        quiet = known is not None and known == self._known and not self._failing
        if quiet and now < min(self._due, self._looked_at + settings.horizon * QUIET_SHARE):
            return min(settings.interval, self._due - now)
        self._looked_at, self._known, self._due = now, known, inf
        try:
            if keeps_lock(self._lock):
                self.look()
            elif self.queue is None:
                # The process that has the lock may end before the moments that it alone knows.
                self._looked_at = -inf
        except EXPECTED_FAILURES as error:
            self.failures += 1
            if not self._failing:
                log.warning("what is known ahead is not looked for now: %s", error)
            self._failing = True
        else:
            self._failing = False
        return max(0.0, min(settings.interval, self._due - monotonic()))

    def look(self) -> int:
        """Publish the moments that have passed, or queue those in the present span; returns how
        many were new to this process.

        Raises:
            StoreUnavailable: Redis or the database did not answer; the next look makes up for it.
        """
        window = self._searched.read()
        if window.epoch != self._epoch:
            self._epoch = window.epoch
            self._given.clear()
        after, before = span_of(window, self.settings)
        passed = before if self.queue is not None else window.now_ms / 1000 - self.settings.margin
        self._given = {one for one in self._given if one.moment >= after}
        found = 0
        for page in boundaries(self._pool, after, before):
            new = [one for one in page if one.moment <= passed and one not in self._given]
            if new:
                self._hand_over(new)
                self._given.update(new)
                found += len(new)
            if page[-1].moment > passed:
                first = next(one.moment for one in page if one.moment > passed)
                self._due = monotonic() + first - passed
                break
        self._searched.note(window.epoch, window.now_ms)
        return found

    def _hand_over(self, new: Sequence[Boundary]) -> None:
        if self.queue is not None:
            self.queue(new)
            return
        subjects = subjects_of(new)
        for start in range(0, len(subjects), ENTRY):
            self._publish(*subjects[start : start + ENTRY])
