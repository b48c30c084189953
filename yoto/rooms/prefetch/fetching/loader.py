"""Loads prefetches in threads of their own, and gives up slow and failing loads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from cachebox import LRUCache

from yoto.cache import Entry, Loaded
from yoto.errors import UnknownResource
from yoto.permission import Place
from yoto.rooms.prefetch.fetching.ledger import Ledger
from yoto.rooms.prefetch.fetching.task import PrefetchTask, TaskState
from yoto.rooms.prefetch.fetching.view import PermissionCacheView

log = logging.getLogger(__name__)

# s after which a load counts as failed, even if it ends later: a check would have given up too.
LOAD_LIMIT = 2.0
# Places that do not exist (any more), which are not loaded again.
GONE = 1_000
# After a failure: twice the time, up to a minute.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s
# Failures in a row that count as bad luck; with the next one the pause begins.
TOLERATED = 2


class Backoff:
    """Counts failures in a row. One try is allowed when a pause is over."""

    def __init__(self) -> None:
        self.failures = 0
        self._until = 0.0

    def failed(self, now: float) -> None:
        """Note that loading failed or took too long at ``now`` (monotonic s)."""
        self.failures += 1
        if self.failures > TOLERATED:
            doubled = FIRST_PAUSE * 2.0 ** min(self.failures - TOLERATED - 1, 10)
            self._until = now + min(LONGEST_PAUSE, doubled)

    def succeeded(self) -> None:
        """Note that loading works."""
        self.failures, self._until = 0, 0.0

    def pause(self, now: float) -> float:
        """Seconds until the next try, 0: now. A clock that is set back prolongs nothing."""
        return min(LONGEST_PAUSE, max(0.0, self._until - now)) if self.probing else 0.0

    @property
    def probing(self) -> bool:
        """Whether the next load is a probe: one at a time until it works."""
        return self.failures > TOLERATED


class PrefetchLoader:
    """Called under the prefetcher's lock, which its jobs take when they have loaded.

    Attributes:
        backoff: when to try again after failures.
        fetched: entries that were requested from the cache.
    """

    def __init__(
        self,
        view: PermissionCacheView,
        ledger: Ledger,
        lock: AbstractContextManager[object],
        submit: Callable[[Callable[[], None]], bool],
        clock: Callable[[], float],
    ) -> None:
        """See ``SmartPrefetcher``."""
        self._view = view
        self._ledger = ledger
        self._lock = lock
        self._submit = submit
        self._clock = clock
        self._gone: LRUCache[Place, bool] = LRUCache(GONE)
        self.backoff = Backoff()
        self.fetched = 0

    def is_gone(self, place: Place) -> bool:
        """Whether a place is known not to exist."""
        return place in self._gone

    def begin(self, tasks: Iterable[PrefetchTask], now: float) -> int:
        """Load waiting tasks, those of one place together; returns how many were begun."""
        if self.backoff.pause(now) > 0:
            return 0
        if self.backoff.probing and self._ledger.tasks(TaskState.LOADING):
            return 0
        groups: dict[Place, list[PrefetchTask]] = {}
        for task in tasks:
            groups.setdefault(task.place, []).append(task)
        begun = 0
        for group in groups.values():
            if not self._start(group, now):
                break
            begun += len(group)
            if self.backoff.probing:
                break
        return begun

    def end_late(self, now: float) -> None:
        """Give up slow loads; their threads are busy until the loads end by themselves."""
        late = [
            task for task in self._ledger.tasks(TaskState.LOADING) if now - task.since > LOAD_LIMIT
        ]
        for task in late:
            self._ledger.finish(task, TaskState.FAILED, now, f"took longer than {LOAD_LIMIT:g} s")
        if late:
            self.backoff.failed(now)
            log.warning("%d prefetches took longer than %g s", len(late), LOAD_LIMIT)

    def _start(self, tasks: Sequence[PrefetchTask], now: float) -> bool:
        waiting_since = [task.since for task in tasks]
        for task in tasks:
            self._ledger.move(task, TaskState.LOADING, now)
        if self._submit(lambda: self._load(tasks)):
            return True
        for task, since in zip(tasks, waiting_since, strict=True):
            self._ledger.move(task, TaskState.WAITING, since)
        return False

    def _load(self, tasks: Sequence[PrefetchTask]) -> None:
        place = tasks[0].place
        try:
            entries = self._view.fetch([task.user_id for task in tasks], place)
        except UnknownResource:
            with self._lock:
                self._gone.insert(place, True)
                self.backoff.succeeded()
                self._end(tasks, {}, "there is no such place")
        except Exception as error:
            # Any error of a loader: no caller waits for it, and the check itself will meet it.
            log.warning("prefetching in %s failed: %s", place, error)
            with self._lock:
                self.backoff.failed(self._clock())
                self._end(tasks, {}, f"{type(error).__name__}: {error}")
        else:
            with self._lock:
                if any(task.state is TaskState.LOADING for task in tasks):
                    self.backoff.succeeded()
                self._end(tasks, entries, "there is no such user")

    def _end(
        self, tasks: Iterable[PrefetchTask], entries: Mapping[int, Entry | Loaded], why: str
    ) -> None:
        now = self._clock()
        for task in tasks:
            self.fetched += 1
            if task.state is not TaskState.LOADING:
                continue  # it took too long, or was cancelled, and is over
            entry = entries.get(task.user_id)
            if entry is None:
                self._ledger.finish(task, TaskState.FAILED, now, why)
            else:
                self._ledger.loaded(task, entry, now)
