"""The lock: one holder at a time by its own clock, and tokens that only grow."""

from __future__ import annotations

import random
from typing import Any

from proof.simulation.protocols.protocol import USUAL, Protocol
from proof.simulation.scheduler import TICK, Item, Worker, World
from yoto.errors import LockLost, StoreUnavailable
from yoto.optimization.lock import DistributedLocks, OptimizedDistributedLock
from yoto.redis import RedisConnection

KEYS = ("a", "b")
LEASES = (0.3, 1.0, 3.0)


class Held:
    """A lock that was taken.

    Attributes:
        asked, granted: virtual moments.
        losses, emptied: those of the server, when it was asked for.
        copied: a replica had it as well, for as long as it lasts.
    """

    def __init__(
        self, lock: OptimizedDistributedLock, asked: float, losses: int, emptied: int
    ) -> None:
        holding = lock._found(lock._who())
        assert holding is not None
        self.holding = holding
        self.asked = asked
        self.granted = 0.0
        self.losses, self.emptied = losses, emptied
        self.copied = bool(lock.terms.replicas) and not lock.terms.renew


class Lock(Protocol):
    """Threads of all workers take a few locks, hold them for a while, and give them back."""

    name = "lock"
    incidents = USUAL | {"failover": 4, "lagging": 2, "behind": 6, "clock": 1}

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._held: dict[str, list[Held]] = {key: [] for key in KEYS}
        # The largest token so far, by key, and when it was granted.
        self._newest: dict[str, list[tuple[float, int]]] = {key: [(-1.0, 0)] for key in KEYS}

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        return DistributedLocks(redis, worker.name)

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        return {
            "do": "hold",
            "key": dice.choice(KEYS),
            "lease": dice.choice(LEASES),
            "wait": dice.choice((0.0, 0.5, 2.0)),
            "renew": dice.random() < 0.6,
            "replicas": int(dice.random() < 0.5),
            "long": round(dice.random() ** 2 * 2.0, 3),
        }

    def do(self, worker: Worker, item: Item) -> None:
        asked, losses, emptied = self.world.now, self.server.lost, self.server.emptied
        lock = worker.state.create_lock(
            item["key"],
            item["lease"],
            item["wait"],
            renew=item["renew"],
            replicas=item["replicas"],
        )
        try:
            if not lock.acquire():
                return
        except StoreUnavailable:
            return
        held = Held(lock, asked, losses, emptied)
        self._granted(item["key"], held)
        end = self.world.now + item["long"]
        while lock.held and self.world.now < end:
            self._alone(item["key"])
            self.world.sleep(min(0.1, end - self.world.now))
        if held in self._held[item["key"]]:
            self._held[item["key"]].remove(held)
        try:
            lock.release()
        except LockLost:
            pass

    def finish(self, worker: Worker) -> None:
        for key in KEYS:
            if not worker.state.create_lock(key, 1.0, 5.0).acquire():
                raise self.world.violate(f"lock {key} is never free again")

    def _granted(self, key: str, held: Held) -> None:
        held.granted = self.world.now
        token = held.holding.token
        for granted, other in self._newest[key]:
            # A lock that was granted before this one was asked for has a smaller token.
            if token == other or (granted < held.asked and token < other):
                if not self._clock_and_data_lost:
                    raise self.world.violate(f"lock {key}: token {token} after {other}")
        self._newest[key] = [(held.granted, token), *self._newest[key]][:50]
        self._held[key].append(held)
        self._alone(key)

    def _alone(self, key: str) -> None:
        """At most one holder is sure of it, unless the server lost what the first had taken; and
        then for no longer than a lease, since the first can renew nothing any more."""
        sure = [one for one in self._held[key] if one.holding.held]
        self._held[key] = sure
        for first, second in zip(sure, sure[1:], strict=False):
            late = self.world.now > second.granted + first.holding.lease + TICK
            if late or not self._excused(first):
                tokens = f"{first.holding.token} and {second.holding.token}"
                raise self.world.violate(f"lock {key} is held twice: by {tokens}")

    def _excused(self, held: Held) -> bool:
        """Whether the server may have forgotten it; if a replica has it, only with all else."""
        if self.server.skew:
            return True
        if held.copied:
            return self.server.emptied != held.emptied
        return self.server.lost != held.losses

    @property
    def _clock_and_data_lost(self) -> bool:
        return bool(self.server.skew and self.server.lost)
