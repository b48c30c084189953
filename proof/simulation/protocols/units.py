"""Leased units of a rate limit: in no time are more used than the limit allows."""

from __future__ import annotations

import random
from typing import Any

from proof.simulation import virtual
from proof.simulation.protocols.protocol import Protocol
from proof.simulation.scheduler import Item, Worker, World
from tests.support.over_admission import Use, most_over
from yoto.events import EventStream
from yoto.redis import RedisConnection
from yoto.resilience.algorithms import Quota
from yoto.resilience.limiter import RateLimiter
from yoto.resilience.runtime import Runtime
from yoto.resilience.settings import GuardMode, OnStoreError, RateLimitConfig

# So much that several are lent at once, and so little that a few bursts use it up.
QUOTAS = {
    "token_bucket": Quota(limit=80, window=4.0, capacity=80),
    "sliding_log": Quota(limit=80, window=4.0, capacity=80),
}
# Hits of one caller, one after the other, and s between two of them.
BURSTS, PAUSE = (1, 20, 150), 0.001


class Units(Protocol):
    """Threads of all workers hit the same keys in bursts, one key for each algorithm; without Redis
    nobody is admitted.
    """

    name = "units"
    operations = 2.0

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._uses: dict[str, list[Use]] = {algorithm: [] for algorithm in QUOTAS}
        # Losses of the server when they began to be counted.
        self._lost = 0

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        stream = EventStream(redis, worker.name)
        runtime = Runtime(redis, stream, virtual.monotonic, instances=lambda: self.workers)
        return {name: self._limiter(name, runtime) for name in QUOTAS}

    @staticmethod
    def _limiter(algorithm: str, runtime: Runtime) -> RateLimiter:
        quota = QUOTAS[algorithm]
        config = RateLimitConfig(
            limit=quota.limit,
            window=quota.window,
            algorithm=algorithm,
            burst=quota.capacity if algorithm == "token_bucket" else 0,
            mode=GuardMode.LEASED,
            on_store_error=OnStoreError.CLOSED,
        )
        return RateLimiter(f"u.{algorithm}", lambda: config, runtime)

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        return {"do": "hit", "which": dice.choice(list(QUOTAS)), "times": dice.choice(BURSTS)}

    def do(self, worker: Worker, item: Item) -> None:
        limiter = worker.state[item["which"]]
        for _ in range(item["times"]):
            asked, losses = self.world.now, self.server.lost
            if limiter.hit("k").allowed and losses == self.server.lost:
                self._used(item["which"], Use(asked, self.world.now))
            self.world.sleep(PAUSE)

    def _used(self, algorithm: str, use: Use) -> None:
        # Units that a server forgot may be used again, as documented.
        if self.server.lost != self._lost:
            self._lost = self.server.lost
            self._uses = {name: [] for name in QUOTAS}
        quota, uses = QUOTAS[algorithm], self._uses[algorithm]
        uses[:] = [one for one in uses if one.heard > use.heard - 2 * quota.window] + [use]
        over = most_over(algorithm, quota, uses)
        if over > 0:
            raise self.world.violate(f"{over:.1f} units of {algorithm} above its limit")
