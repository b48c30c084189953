"""Replays a trace on the real cache, with or without the real prefetcher in the trace's time."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from benchmarks.prefetch.traces import Request, Shape, any_channel
from tests.support.redis_servers import Server
from yoto.cache import (
    CacheSettings,
    Entry,
    Loaded,
    PlaceKey,
    Slot,
    StoreSettings,
    TieredCache,
    place_key,
)
from yoto.optimization import DistributedLocks
from yoto.permission import Place
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.prefetch.analyzer import BehaviorAnalyzer, Prediction
from yoto.rooms.prefetch.fetching import PrefetchStats, SmartPrefetcher
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step, UserBehavior

# Users and places of each that memory has room for: a quarter of the people, so that there is
# something to fetch for those who come back.
USERS, PLACES = 100, 12
# s; longer than the longest run.
TTL = 3_000.0


@dataclass
class Tally:
    """The figures of a run; ``steady`` has those of the second half of the trace.

    Attributes:
        requests, hits: look-ups of users, and those that memory answered.
        trips: times that memory had to be filled, for users and by the prefetcher.
        loads: those trips for which Redis had no entry.
        prefetched: the trips of the prefetcher.
    """

    requests: int = 0
    hits: int = 0
    trips: int = 0
    loads: int = 0
    prefetched: int = 0

    def minus(self, other: Tally) -> Tally:
        """The figures after those of ``other``."""
        return Tally(**{name: value - getattr(other, name) for name, value in vars(self).items()})

    @property
    def hit_rate(self) -> float:
        return self.hits / self.requests


@dataclass
class Run:
    """One replay: the whole, its second half, and the prefetcher's own statistics."""

    whole: Tally
    steady: Tally
    stats: PrefetchStats | None
    turns: list[bool] = field(default_factory=list)


def done_at_once(job: Callable[[], None]) -> bool:
    job()
    return True


class CountedCache:
    """The cache, its loader, and the view that the prefetcher has of it."""

    def __init__(self, cache: TieredCache, tally: Tally) -> None:
        self._cache = cache
        self._tally = tally

    @property
    def capacity(self) -> int:
        settings = self._cache.settings
        return settings.users.size * settings.places_per_user

    @property
    def misses(self) -> int:
        return self._cache.lookup.counts.l1_misses

    def fresh(self) -> bool:
        return True

    def peek(self, user_id: int, place: PlaceKey) -> Slot | None:
        return self._cache.lookup.peek(user_id, place)

    def fetch(self, user_ids: Sequence[int], place: Place) -> Mapping[int, Entry | Loaded]:
        self._tally.trips += len(user_ids)
        self._tally.prefetched += len(user_ids)
        found = self._cache.get_or_load_many(user_ids, _key(place), self._load)
        return {user_id: entry for user_id, (entry, _) in found.items()}

    def ask(self, user_id: int, place: Place) -> None:
        """Do as a request does."""
        _, tier = self._cache.get_or_load(
            user_id, _key(place), lambda: self._load([user_id])[user_id]
        )
        self._tally.requests += 1
        self._tally.hits += tier == "l1"
        self._tally.trips += tier != "l1"

    def _load(self, user_ids: Sequence[int]) -> dict[int, Loaded]:
        self._tally.loads += len(user_ids)
        return {user_id: Loaded(user_id) for user_id in user_ids}


def replay(
    server: Server,
    trace: Iterable[Request],
    length: int,
    settings: PrefetchSettings | None,
    predict: Callable[[int], Sequence[Prediction]] | None = None,
    users: int = USERS,
) -> Run:
    """Play a trace of ``length`` requests.

    Args:
        settings: None: nothing is prefetched.
        predict: predicts in place of the learned model.
        users: the number of users that memory has room for.
    """
    tally, half, now = Tally(), Tally(), [0.0]
    turns: list[bool] = []
    with cache_on(server, users) as cache:
        counted = CountedCache(cache, tally)
        turn: Callable[[Request], object] = lambda request: None  # noqa: E731
        prefetcher = None
        if settings is not None:
            analyzer = BehaviorAnalyzer(settings, lambda: now[0])
            prefetcher = SmartPrefetcher(
                settings,
                predict or analyzer.predict,
                cast(Any, counted),
                done_at_once,
                clock=lambda: now[0],
                on_turned=lambda down, precision: turns.append(down),
            )
            turn = _turning(analyzer, prefetcher)
        for number, request in enumerate(trace):
            now[0] = request.at
            counted.ask(request.user_id, request.place)
            turn(request)
            if number == length // 2:
                half = replace(tally)
    stats = None if prefetcher is None else prefetcher.stats()
    return Run(tally, tally.minus(half), stats, turns)


def made_up(shape: Shape, seed: int) -> Callable[[int], Sequence[Prediction]]:
    """Predictions of any channel of the platform, and never a doubt about them."""
    source = random.Random(seed)

    def predict(user_id: int) -> list[Prediction]:
        step = Step("channel.read", "channel", any_channel(shape, source))
        return [Prediction(step, 1.0)]

    return predict


@contextmanager
def cache_on(server: Server, users: int) -> Iterator[TieredCache]:
    """An empty cache with little memory."""
    redis = RedisConnection(
        RedisSettings(
            url=server.url, key_prefix=f"bench-{secrets.token_hex(4)}:", socket_timeout=2.0
        )
    )
    locks = DistributedLocks(redis)
    cache = TieredCache(
        redis,
        locks,
        CacheSettings(users=StoreSettings(users, TTL), places_per_user=PLACES, max_staleness=30.0),
    )
    cache.start(30)
    try:
        yield cache
    finally:
        cache.close()
        locks.close()
        redis.close()


def _turning(
    analyzer: BehaviorAnalyzer, prefetcher: SmartPrefetcher
) -> Callable[[Request], object]:
    def turn(request: Request) -> None:
        at, user_id, action, place = request
        analyzer.learn(UserBehavior(user_id, action, place.kind, place.id, at))
        prefetcher.turn([(user_id, place)])

    return turn


def _key(place: Place) -> PlaceKey:
    return place_key(place.kind, place.id)
