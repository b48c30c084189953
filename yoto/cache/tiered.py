"""The hybrid cache as one object, without Flask: memory, Redis, the loader, and the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from time import monotonic

from yoto.cache import tags
from yoto.cache.barrier import Barrier
from yoto.cache.batch import AtOnce, BatchRead, FoundEntries, ManyLoader, PlacesLoader
from yoto.cache.counts import CacheCounts, CacheStats
from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.loading import Loader, Loading, Tier
from yoto.cache.log import InvalidationLog
from yoto.cache.memory import Lookup, Memory
from yoto.cache.position import ORIGIN, Position
from yoto.cache.refresh import AppContextFactory, Refresher
from yoto.cache.remote import RemoteTier
from yoto.cache.settings import CacheSettings, StoreSettings, check_store
from yoto.cache.tags import DirtySet
from yoto.cache.tailer import Tailer
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.monitor import Recorder
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection

# s that the first look-ups of a process wait for the log to be read.
START_WAIT = 0.5
# Places of a user that stay free for others when many are remembered at once.
SPARE_PLACES = 4


class TieredCache:
    """Permissions of users in places, cached in memory and in Redis. Safe for threads.

    The first look-up starts the thread that follows the log. Entries are correct as of the log at
    most ``max_staleness`` seconds ago; ``docs/consistency.md`` says how.

    Attributes:
        redis: the connection of the log and the second tier.
        lookup: the hot path.
        tailer: follows the log; ``tailer.subscribe`` publishes changes.
    """

    def __init__(
        self,
        redis: RedisConnection,
        locks: DistributedLocks,
        settings: CacheSettings | None = None,
        app_context_factory: AppContextFactory = nullcontext,
        recorder: Recorder | None = None,
    ) -> None:
        """Nothing connects and no thread starts before the first use.

        Args:
            app_context_factory: the context that loaders need when entries are refreshed in the
                background, such as an application context.
            recorder: takes the times of reads and loads; by default they are not recorded.
        """
        self.settings = settings = settings or CacheSettings()
        self.redis = redis
        self._log = InvalidationLog(redis)
        self._memory = Memory(settings)
        self._coherence = self._memory.coherence
        self.tailer = Tailer(redis, self._log, self._coherence, settings.max_staleness)
        redis.on_recovered(self.tailer.hurry)
        self._counts = CacheCounts()
        self._remote = RemoteTier(redis, settings)
        self._loading = Loading(
            self._memory,
            self._remote,
            self.tailer,
            locks,
            settings,
            self._counts,
            recorder or Recorder(),
        )
        self._barrier = Barrier(self._log, self.tailer, self._counts, settings.wait_for_position)
        self._refresher = Refresher(app_context_factory)
        self._batch = BatchRead(
            self._memory, self._remote, self.tailer, self._counts, self._refresher
        )
        # Preloaded entries were not requested: they count apart, or they would distort hit rates.
        self._preload_counts = CacheCounts()
        self._preload = BatchRead(
            self._memory, self._remote, self.tailer, self._preload_counts, AtOnce()
        )
        self.lookup = Lookup(self._memory, self.tailer, self._counts)
        self._on_invalidate: list[Callable[[Sequence[str]], None]] = []

    def start(self, timeout: float = START_WAIT) -> bool:
        """Follow the log, and wait at most ``timeout`` seconds until it was read.

        The first look-up does the same. Returns whether memory and Redis may be used.
        """
        if not self.tailer.running:
            self.tailer.start()
        self.tailer.wait_until_tried(timeout)
        return monotonic() < self.tailer.fresh_until

    def get_or_load(
        self,
        user_id: int,
        place: PlaceKey,
        loader: Loader,
        at_least: Position | str | None = None,
    ) -> tuple[Entry, Tier]:
        """The permissions of a user in a place, and their source.

        Args:
            place: from ``place_key``.
            loader: reads the truth, in a view of it that begins now; a transaction that is already
                open may show an older one. It may be called later in another thread, to refresh.
            at_least: a position that the result must include, as a write gave it.

        Raises:
            ValidationFailed: ``at_least`` is no position, or one that was never given out.
            Exception: the loader's own error; nothing is cached then.
        """
        fresh = self._ready()
        if at_least is not None and not self._barrier.reached(at_least):
            answer = self._loading.load(user_id, place, loader, fresh)
            return answer.entry, answer.tier
        if not fresh:
            self._counts.l1_bypassed += 1
        else:
            slot = self._memory.slot(user_id, place)
            if slot is not None:
                self._counts.l1_hits += 1
                if monotonic() >= slot.fresh_until:
                    refresh = partial(self._loading.refresh, slot.entry, loader)
                    self._refresher.submit((user_id, place), self._counted(refresh))
                return slot.entry, "l1"
            self._counts.l1_misses += 1
        answer = self._loading.answer(user_id, place, loader, fresh)
        return answer.entry, answer.tier

    def get_or_load_many(
        self,
        user_ids: Sequence[int],
        place: PlaceKey,
        loader: ManyLoader,
        at_least: Position | str | None = None,
    ) -> FoundEntries:
        """The same for many users in one place, with one round trip a server.

        ``loader`` is called once with all users that no tier has; users that it leaves out are left
        out of the answer. Loads of other callers are not waited for.
        """
        fresh = self._ready()
        believing = (at_least is None or self._barrier.reached(at_least)) and fresh
        return self._batch.answer(user_ids, place, loader, believing, storing=fresh)

    def get_or_load_places(
        self,
        user_id: int,
        places: Sequence[PlaceKey],
        loader: PlacesLoader,
        at_least: Position | str | None = None,
    ) -> dict[PlaceKey, Entry]:
        """The same for one user in many places, from memory alone or else all by ``loader``.

        Redis is not asked: it keeps places one by one, and the loader reads them together. So many
        places that they would push one another out of memory are not remembered.
        """
        fresh = self._ready()
        believing = fresh and (at_least is None or self._barrier.reached(at_least))
        remembering = fresh and len(places) <= self.settings.places_per_user - SPARE_PLACES
        return self._batch.places(user_id, places, loader, believing, remembering)

    def preload(
        self, user_ids: Sequence[int], place: PlaceKey, loader: ManyLoader | None
    ) -> FoundEntries:
        """Bring many users in one place into memory ahead of requests; counted apart.

        Args:
            loader: as in ``get_or_load_many``, and what it gives is in Redis, too, when this
                returns; None: only what memory or Redis have.

        Raises:
            StoreUnavailable: the log is not heard: nothing would be kept.
            Exception: the loader's own error; nothing is cached then.
        """
        if not self._ready():
            raise StoreUnavailable("redis")
        return self._preload.answer(user_ids, place, loader, believing=True, storing=True)

    def remembered(self, user_id: int, place: PlaceKey) -> Entry | None:
        """The entry in memory, fresh or not, for callers that only want its origin."""
        slot = self._memory.slot(user_id, place)
        return None if slot is None else slot.entry

    def reached(self, at_least: Position | str) -> bool:
        """Whether this process has applied ``at_least``; waits for it, at most for a moment.

        Raises:
            ValidationFailed: ``at_least`` is no position, or one that was never given out.
        """
        return self._ready() and self._barrier.reached(at_least)

    def invalidate(self, *changed: str, late_ms: int = 0) -> Position:
        """Believe nothing about ``changed`` tags any more, here at once, elsewhere by the log.

        Args:
            late_ms: for how long the oldest of these changes has waited, for metrics.

        Raises:
            ValidationFailed: a tag is malformed, or there is none.
            StoreUnavailable: the log did not take it; only this process knows.
        """
        dirty = DirtySet.of(changed)
        # A value that is being loaded at this moment may have been read before the change.
        self._coherence.invalidate(dirty, Position(self.tailer.applied + 1))
        for listener in self._on_invalidate:
            listener(changed)
        position = self.tailer.append(changed, late_ms)
        self._coherence.invalidate(dirty, position)
        return position

    def on_invalidate(self, listener: Callable[[Sequence[str]], None]) -> None:
        """Call ``listener`` at once with the tags that this process itself invalidates.

        The log publishes them a moment later. ``listener`` must be quick, and must not raise.
        """
        self._on_invalidate.append(listener)

    def would_drop(self, *tags_: str) -> tuple[int, int] | None:
        """The numbers of users and of their entries that ``invalidate`` would drop from memory now.

        None: too much changes there to count.

        Raises:
            ValidationFailed: a tag is malformed.
        """
        unknown = [f"unknown subject {one!r}" for one in tags_ if not tags.is_known(one)]
        if unknown:
            raise ValidationFailed({"subjects": unknown})
        return self._coherence.count(DirtySet.of(tags_))

    def stored_places(self, user_id: int) -> int:
        """The number of a user's places with entries in Redis, believed or not.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        return self._remote.places(user_id)

    def newest_position(self) -> Position:
        """The position of the log's last entry, of any writer; ``ORIGIN``: the log is empty.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        newest = self._log.newest()
        return ORIGIN if newest is None else newest.position

    def newest_number(self) -> int | None:
        """The number of the last entry of the log; None: the log is empty.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        newest = self._log.newest()
        return None if newest is None else newest.number

    def invalidate_user(self, user_id: int) -> Position:
        """Forget one user everywhere; raises as ``invalidate``."""
        return self.invalidate(tags.user(user_id))

    def invalidate_role(self, role_id: int) -> Position:
        """Forget all entries that a role has a part in; raises as ``invalidate``."""
        return self.invalidate(tags.role(role_id))

    def invalidate_all(self) -> Position:
        """Forget everything everywhere; raises as ``invalidate``."""
        return self.invalidate(tags.GLOBAL)

    def forget(self) -> None:
        """Forget the memory of this process; Redis and other processes keep theirs."""
        self._coherence.forget()

    def retune(self, **changed: StoreSettings) -> None:
        """Change how much this process remembers, and for how long, while it answers.

        Sizes hold at once: the least recently used keys go. Lives hold for entries stored from
        now on, and for those read from Redis.

        Args:
            changed: by kind, of ``users`` and ``conditional``.

        Raises:
            ValidationFailed: a value is out of its range, which it names; nothing changed.
        """
        for kind, store in changed.items():
            check_store(kind, store)
        settings = replace(self.settings, **changed)  # type: ignore[arg-type]
        self.settings = settings
        self._memory.retune(settings)
        self._remote.retune(settings)

    def stats(self) -> CacheStats:
        """The statistics and state of the cache."""
        stores = self._memory.stores()
        tailer = self.tailer
        log = asdict(tailer.counts) | {"listener_failures": tailer.listener_failures}
        return CacheStats(
            counts=self._counts.all(),
            preload=self._preload_counts.all(),
            sizes={name: len(store) for name, store in stores.items()},
            capacities={name: store.size for name, store in stores.items()},
            evictions={name: store.evictions for name, store in stores.items()},
            corrupt=self._remote.corrupt,
            floors=self._coherence.floors,
            fresh=monotonic() < tailer.fresh_until,
            silent_for=tailer.silent_for,
            applied=str(tailer.applied),
            log=log,
        )

    def close(self) -> None:
        """End the threads; a later look-up starts them again."""
        self.tailer.close()
        self._refresher.close()

    def _ready(self) -> bool:
        """Whether the log was read recently; starts following it if that has not begun."""
        return monotonic() < self.tailer.fresh_until or self.start()

    def _counted(self, refresh: Callable[[], bool]) -> Callable[[], bool]:
        def counted() -> bool:
            try:
                done = refresh()
            except Exception:
                self._counts.refresh_errors += 1
                raise
            self._counts.refreshes += done
            return done

        return counted
