"""Handling of misses: one thread of a process, and one process of all, asks the loader."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic, time
from typing import Literal, NamedTuple, TypeAlias

from yoto import tracing
from yoto.cache.counts import CacheCounts
from yoto.cache.entry import Entry, Loaded, PlaceKey
from yoto.cache.flight import Flights
from yoto.cache.memory import Memory
from yoto.cache.remote import RemoteTier
from yoto.cache.settings import CacheSettings
from yoto.cache.tailer import Tailer
from yoto.deadlines import check_deadline, cut
from yoto.errors import LockLost
from yoto.monitor import Recorder, names
from yoto.nodes import place_text
from yoto.optimization import DistributedLocks, OptimizedDistributedLock
from yoto.redis import REDIS_UNAVAILABLE

log = logging.getLogger(__name__)

Tier: TypeAlias = Literal["l1", "l2", "db"]
Loader: TypeAlias = Callable[[], Loaded]

# The name of a first-tier miss in traces.
SPAN = "cache.load"

# s after which callers that wait for another thread's load load by themselves.
JOIN_LIMIT = 10.0


# A loader that asks the cache again must not wait for another, which might be waiting for it.
_within_loader: ContextVar[bool] = ContextVar("yoto_cache_within_loader", default=False)


class Answer(NamedTuple):
    """An entry, its source, and the monotonic time before which nothing was read for it."""

    entry: Entry
    tier: Tier
    read_at: float


class Loading:
    """Handles misses of the first tier."""

    def __init__(
        self,
        memory: Memory,
        remote: RemoteTier,
        tailer: Tailer,
        locks: DistributedLocks,
        settings: CacheSettings,
        counts: CacheCounts,
        recorder: Recorder,
    ) -> None:
        self._memory = memory
        self._remote = remote
        self._tailer = tailer
        self._locks = locks
        self._settings = settings
        self._counts = counts
        self._observe_l2 = recorder.histogram(names.L2_TIME).observe
        self._observe_load = recorder.histogram(names.LOAD_TIME).observe
        self._flights: Flights[Answer] = Flights()

    def answer(self, user_id: int, place: PlaceKey, loader: Loader, fresh: bool) -> Answer:
        """Ask the second tier, then the loader, at most once for all concurrent callers.

        Args:
            fresh: whether the log was heard recently enough to believe the second tier.

        Raises:
            Exception: what the loader raises; nothing is cached then.
        """
        with tracing.span(SPAN) as traced:
            answer = self._answer(user_id, place, loader, fresh)
            traced.set({"yoto.tier": answer.tier})
            return answer

    def _answer(self, user_id: int, place: PlaceKey, loader: Loader, fresh: bool) -> Answer:
        if fresh:
            stored = self.stored(user_id, place)
            if stored is not None:
                self._counts.l2_hits += 1
                return stored
            self._counts.l2_misses += 1
        if _within_loader.get():
            return self.load(user_id, place, loader, fresh)
        began = monotonic()
        key = user_id, place
        while True:
            flight, leads = self._flights.board(key)
            if leads:
                return self._flights.lead(
                    key, flight, lambda: self._load_as_one(user_id, place, loader, fresh)
                )
            if not flight.wait(cut(JOIN_LIMIT - (monotonic() - began))):
                check_deadline()
                return self.load(user_id, place, loader, fresh)
            if flight.error is not None:
                raise flight.error
            answer = flight.result
            if answer is not None and self._suits(answer, began, flight.began):
                self._counts.stampedes_avoided += 1
                return answer

    def stored(
        self, user_id: int, place: PlaceKey, loaded_after: float = float("-inf")
    ) -> Answer | None:
        """The second tier's entry, if it is valid; it is remembered."""
        read_at = monotonic()
        try:
            entry = self._remote.get(user_id, place)
        except REDIS_UNAVAILABLE as error:
            self._counts.l2_errors += 1
            log.debug("the second tier is away: %s", error)
            return None
        finally:
            self._observe_l2(monotonic() - read_at)
        if entry is None or entry.loaded_at <= loaded_after:
            return None
        if not self._memory.remember(entry):
            self._counts.stale_refused += 1
            return None
        return Answer(entry, "l2", read_at)

    def load(self, user_id: int, place: PlaceKey, loader: Loader, store: bool = True) -> Answer:
        """Call the loader and remember its result, for others too if ``store``."""
        # Before the loader reads: its result may or may not include later entries.
        position = self._tailer.applied
        loaded_at, read_at = time(), monotonic()
        token = _within_loader.set(True)
        try:
            loaded = loader()
        except BaseException:
            self._counts.load_errors += 1
            raise
        finally:
            _within_loader.reset(token)
            self._observe_load(monotonic() - read_at)
        self._counts.loads += 1
        entry = Entry.of(user_id, place, position, loaded_at, loaded)
        if not self._memory.remember(entry):
            self._counts.stale_refused += 1
        elif store:
            try:
                self._remote.put(entry)
            except REDIS_UNAVAILABLE as error:
                self._counts.l2_errors += 1
                log.debug("an entry was not stored: %s", error)
        return Answer(entry, "db", read_at)

    def refresh(self, entry: Entry, loader: Loader) -> bool:
        """Renew ``entry`` unless that is done or under way; whether that is done."""
        user_id, place = entry.user_id, entry.place
        if self.stored(user_id, place, entry.loaded_at) is not None:
            return True
        lock = self._lock(user_id, place)
        if not lock.acquire(wait=0):
            return False
        with _released(lock):
            if self.stored(user_id, place, entry.loaded_at) is None:
                self.load(user_id, place, loader)
            return True

    def _load_as_one(self, user_id: int, place: PlaceKey, loader: Loader, fresh: bool) -> Answer:
        """Load unless another process has done so by the time that we hold the lock."""
        lock = self._lock(user_id, place) if fresh else None
        if lock is None or not self._acquired(lock):
            self._counts.unlocked_loads += 1
            return self.load(user_id, place, loader, fresh)
        with _released(lock):
            stored = self.stored(user_id, place)
            if stored is not None:
                self._counts.stampedes_avoided += 1
                return stored
            return self.load(user_id, place, loader)

    def _lock(self, user_id: int, place: PlaceKey) -> OptimizedDistributedLock:
        settings = self._settings
        return self._locks.create_lock(
            f"cache-load/{user_id}/{place_text(place)}", settings.load_lease, settings.load_wait
        )

    def _acquired(self, lock: OptimizedDistributedLock) -> bool:
        try:
            return lock.acquire()
        except REDIS_UNAVAILABLE as error:
            self._counts.l2_errors += 1
            log.debug("loading without the lock: %s", error)
            return False

    def _suits(self, answer: Answer, began: float, flight_began: float) -> bool:
        """Whether the result of a flight is good enough for a caller who came at ``began``."""
        if flight_began >= began:
            return True
        if answer.tier == "l2":
            # The time of its load is unknown here, so it is as recent as the last read of the log.
            recent = self._tailer.fresh
        else:
            recent = answer.read_at >= began - self._settings.max_staleness
        # It may have read before a change that this process has heard of since.
        return recent and self._memory.coherence.believes(answer.entry)


@contextmanager
def _released(lock: OptimizedDistributedLock) -> Iterator[None]:
    try:
        yield
    finally:
        # Two processes may have loaded then. Each stored an entry that was true at its position.
        with suppress(LockLost):
            lock.release()
