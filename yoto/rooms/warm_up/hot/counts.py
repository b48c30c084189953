"""Hot counts of one application: gathered by requests, sent to Redis in the background."""

from __future__ import annotations

import logging
import os
import random
import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from yoto.errors import StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.redis import RedisConnection
from yoto.rooms.warm_up.hot.gathering import Gathering, Pair
from yoto.rooms.warm_up.hot.store import HotBatch, HotPair, HotRole, HotStore
from yoto.rooms.warm_up.settings import HotSettings
from yoto.rules import Whole, checked

log = logging.getLogger(__name__)

# Pairs that one process counts between two flushes; about 2 MB.
MAX_GATHERED = 10_000
# Pairs a script call: Redis does nothing else for about a millisecond.
PAIRS_A_BATCH = 500
# Share of the pause by which flushes vary: processes that start together must not flush together.
JITTER = 0.2

RolesOf = Callable[[int, int], Iterable[int]]
Listener = Callable[[Mapping[Pair, int]], None]


def no_roles(user_id: int, place: int) -> Iterable[int]:
    """The roles are unknown."""
    return ()


@dataclass(frozen=True, slots=True)
class HotStats:
    """Statistics of a process about its hot counts.

    Attributes:
        enabled: whether anything is counted.
        gathered: pairs in memory that no batch has yet.
        waiting: batches that Redis has not confirmed.
        batches: batches that Redis took since the process started.
        dropped: requests not counted, because too many pairs waited for Redis.
        failures: flushes that failed.
    """

    enabled: bool
    gathered: int
    waiting: int
    batches: int
    dropped: int
    failures: int


class HotCounts:
    """Counts requests by user, place and role, time-decayed. Safe for threads.

    Attributes:
        note: ``note(user_id, place)`` counts one request; it costs some hundred nanoseconds and
            never raises. ``place`` is the cache's key of a place.
        settings: the settings in force.
    """

    def __init__(self, redis: RedisConnection, settings: HotSettings | None = None) -> None:
        """Nothing connects and no thread starts before ``start`` or the first call."""
        self.settings = settings = settings or HotSettings()
        self._store = HotStore(redis, settings)
        self._redis = redis
        self._gathering = Gathering(MAX_GATHERED)
        self.note: Callable[[int, int], None] = (
            self._gathering.note if settings.enabled else _ignore
        )
        self._roles_of: RolesOf = no_roles
        self._listeners: list[Listener] = []
        self._read: Callable[[], None] = _nothing
        self._name = secrets.token_hex(8)
        self._flushing = threading.Lock()
        self._waiting: deque[HotBatch] = deque()
        self._numbered = 0
        self._batches = 0
        self._failures = 0
        self._failing = False
        self._housekeeper = Housekeeper("yoto-hot-counts")
        self._housekeeper.add("flush", self._turn)

    def know_roles(self, roles_of: RolesOf) -> None:
        """Count roles too, by ``roles_of(user_id, place)``, which must not ask any server."""
        self._roles_of = roles_of

    def read_first(self, read: Callable[[], None]) -> None:
        """Call ``read`` before the gathered counts are read: it notes requests that still wait."""
        self._read = read

    def listen(self, listener: Listener) -> None:
        """Call ``listener(counts)`` in the background with the counts of each flush."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Flush every ``flush_seconds`` from now on, if anything is counted."""
        if self.settings.enabled:
            self._housekeeper.start()

    def close(self) -> None:
        """End the thread, and send the last counts if Redis responds; ``start`` begins anew."""
        self._housekeeper.stop()
        self._read()
        if (len(self._gathering) or self._waiting) and self._redis.available:
            self._turn()

    def flush(self) -> int:
        """Send the gathered counts to Redis; returns the number of pairs.

        Counts that Redis does not confirm are sent again by the next flush, with the same number,
        so that they count once. While some wait, requests go on being gathered, up to a bound.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        sent = 0
        with self._flushing:
            if not self._waiting:
                self._take()
            while self._waiting:
                batch = self._waiting[0]
                # The pid, because a fork takes the numbers along.
                process = f"{self._name}-{os.getpid()}"
                self._store.add(process, batch, monotonic() - batch.gathered_at)
                self._waiting.popleft()
                self._batches += 1
                sent += len(batch.pairs)
        return sent

    def pairs(self, limit: int) -> list[HotPair]:
        """The hottest pairs of all processes, hottest first.

        Raises:
            ValidationFailed: ``limit`` is not between 1 and the number of members kept.
            StoreUnavailable: Redis did not respond.
        """
        return self._store.pairs(self._checked(limit))

    def roles(self, limit: int) -> list[HotRole]:
        """The hottest roles of all processes, hottest first; raises as ``pairs``."""
        return self._store.roles(self._checked(limit))

    def forget(self, user_id: int) -> int:
        """Forget the requests of one user; returns the number of pairs that Redis had.

        Other processes may still send counts gathered since their last flush: to forget a user
        for good, call it again after ``flush_seconds``.

        Raises:
            StoreUnavailable: Redis did not respond; call it again.
        """
        self.forget_here(user_id)
        kept = self._store.pairs(self.settings.members)
        return self._store.forget(
            (pair.user_id, pair.place) for pair in kept if pair.user_id == user_id
        )

    def forget_here(self, user_id: int) -> None:
        """Forget the counts of one user that this process has not sent yet."""
        self._read()
        self._gathering.forget(user_id)
        with self._flushing:
            self._waiting = deque(_without(user_id, batch) for batch in self._waiting)

    def discard(self, pairs: Iterable[Pair]) -> int:
        """Forget pairs whose place or user is gone; returns the number that Redis had.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        return self._store.forget(pairs)

    def stats(self) -> HotStats:
        """Counters of this process."""
        self._read()
        return HotStats(
            self.settings.enabled,
            len(self._gathering),
            len(self._waiting),
            self._batches,
            self._gathering.dropped,
            self._failures,
        )

    def _checked(self, limit: int) -> int:
        most = self.settings.members
        rule = Whole(1, most, says=f"an integer from 1 to {most}")
        return int(checked("limit", limit, rule, shown=False))

    def _take(self) -> None:
        self._read()
        counts, gathered_at = self._gathering.take(), monotonic()
        items = list(counts.items())
        for start in range(0, len(items), PAIRS_A_BATCH):
            pairs = dict(items[start : start + PAIRS_A_BATCH])
            self._numbered += 1
            self._waiting.append(
                HotBatch(self._numbered, gathered_at, pairs, self._roles_in(pairs))
            )
        if counts:
            for listener in self._listeners:
                listener(counts)

    def _roles_in(self, pairs: Mapping[Pair, int]) -> Mapping[int, int]:
        roles: Counter[int] = Counter()
        for (user_id, place), count in pairs.items():
            for role_id in self._roles_of(user_id, place):
                roles[role_id] += count
        return roles

    def _turn(self) -> float:
        try:
            self.flush()
            self._failing = False
        except StoreUnavailable as error:
            self._failures += 1
            if not self._failing:
                log.warning("hot counts wait for Redis: %s", error)
            self._failing = True
        return self.settings.flush_seconds * random.uniform(1 - JITTER, 1 + JITTER)


def _without(user_id: int, batch: HotBatch) -> HotBatch:
    pairs = {pair: count for pair, count in batch.pairs.items() if pair[0] != user_id}
    return HotBatch(batch.number, batch.gathered_at, pairs, batch.roles)


def _nothing() -> None:
    """Does nothing where no counts are gathered."""


def _ignore(user_id: int, place: int) -> None:
    """Ignores a request while counting is off."""
