"""Floors and log: no answer is older than the caller's position, nor than the bound."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from tests.simulation.protocols.protocol import USUAL, Protocol
from tests.simulation.scheduler import Item, Worker, World
from yoto.cache import CacheSettings, Loaded, Position, TieredCache, tags
from yoto.errors import StoreUnavailable
from yoto.optimization.lock import DistributedLocks
from yoto.redis import RedisConnection

USERS = (1, 2)
PLACE = 0
# s between two tries to append what could not be appended, as of the relay.
RELAY = 1.0
# s in which all have looked for the last time.
LAST_LOOK = 1.0
SETTINGS = CacheSettings()


class Change:
    """One committed change of a user.

    Attributes:
        version: what the user has from then on.
        appended: when the log had it for sure; None: it has not yet.
        position: which the log gave it; None: nobody was told.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.appended: float | None = None
        self.position: Position | None = None


class Floors(Protocol):
    """Workers change users in a database and in the log, and ask what users may do."""

    name = "floors"
    operations = 4.0
    calm = 20.0
    incidents = USUAL | {"failover": 3, "behind": 2}

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._changes: dict[int, list[Change]] = {user: [Change(0)] for user in USERS}
        self._left_over: list[tuple[int, Change]] = []

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        cache = TieredCache(redis, DistributedLocks(redis, worker.name), SETTINGS)
        worker.spawn("relay", lambda: self._relay(cache))
        cache.start()
        return cache

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        user = dice.choice(USERS)
        if dice.random() < 0.35:
            return {"do": "change", "user": user}
        # Which of the positions that were given out, counted from the newest; None: none is sent.
        return {"do": "ask", "user": user, "behind": dice.choice((None, None, 0, 1))}

    def do(self, worker: Worker, item: Item) -> None:
        if item["do"] == "change":
            self._change(worker.state, item["user"])
        else:
            with suppress(OSError):
                self._ask(worker.state, item["user"], item["behind"])

    def settled(self) -> bool:
        late = self.world.now - SETTINGS.max_staleness
        made = [change.appended for changes in self._changes.values() for change in changes[1:]]
        return super().settled() and all(at is not None and at <= late for at in made)

    def finish(self, worker: Worker) -> None:
        if not self.settled():
            raise self.world.violate("what was committed did not get into the log")
        # Of those that have started; others come to ask the database first.
        for one in filter(lambda worker: worker.state is not None, self.living.values()):
            one.spawn("last look", partial(self._look, one))
        self._look(worker)
        self.world.sleep(LAST_LOOK)

    def _look(self, worker: Worker) -> None:
        for user in USERS:
            self._ask(worker.state, user, None)

    def _change(self, cache: TieredCache, user: int) -> None:
        changes = self._changes[user]
        change = Change(0)

        def commit() -> None:
            change.version = changes[-1].version + 1
            changes.append(change)
            self._left_over.append((user, change))

        try:
            self.world.call(commit)
        except OSError:
            return
        self._append(cache, user, change)

    def _append(self, cache: TieredCache, user: int, change: Change) -> None:
        try:
            position = cache.invalidate(tags.user(user))
        except StoreUnavailable:
            return
        if change.appended is None:
            change.appended, change.position = self.world.now, position
        if (user, change) in self._left_over:
            self._left_over.remove((user, change))

    def _relay(self, cache: TieredCache) -> None:
        while True:
            self.world.sleep(RELAY)
            for user, change in list(self._left_over):
                self._append(cache, user, change)

    def _loader(self, user: int) -> Callable[[], Loaded]:
        def read() -> Loaded:
            version: int = self.world.call(lambda: self._changes[user][-1].version)
            # The second statement of the same view of the database.
            self.world.call(lambda: None)
            return Loaded(version)

        return read

    def _ask(self, cache: TieredCache, user: int, behind: int | None) -> None:
        began = self.world.now
        changes = self._changes[user]
        covered = [one for one in changes if one.position is not None]
        demanded = None if behind is None or behind >= len(covered) else covered[-1 - behind]
        late = began - SETTINGS.max_staleness
        heard = [one for one in changes if one.appended is not None and one.appended <= late]
        due = max((one.version for one in heard), default=0)
        entry, tier = cache.get_or_load(
            user, PLACE, self._loader(user), demanded.position if demanded else None
        )
        if demanded is not None and entry.mask < demanded.version:
            raise self.world.violate(
                f"user {user}: {tier} says {entry.mask}, and {demanded.position} is"
                f" {demanded.version}"
            )
        if entry.mask < due:
            raise self.world.violate(f"user {user}: {tier} says {entry.mask} long after {due}")
