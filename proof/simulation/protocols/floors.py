"""Floors and log: no answer is older than the caller's position, nor than the bound, nor than what
the same worker has changed; and a worker that has not heard the log stores nothing for others."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from proof.simulation.protocols.protocol import USUAL, Protocol
from proof.simulation.scheduler import Item, Task, Worker, World
from yoto.cache import CacheSettings, Entry, Loaded, Position, TieredCache, tags
from yoto.errors import StoreUnavailable
from yoto.optimization.lock import DistributedLocks
from yoto.redis import RedisConnection

USERS = (1, 2)
PLACE = 0
# s between two tries to append changes that could not be appended, as the relay has.
RELAY = 1.0
# s in which all have looked for the last time.
LAST_LOOK = 1.0
SETTINGS = CacheSettings()


class CommittedChange:
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
        self._changes: dict[int, list[CommittedChange]] = {
            user: [CommittedChange(0)] for user in USERS
        }
        self._left_over: list[tuple[int, CommittedChange]] = []
        # Changes by each worker itself, newest version by user.
        self._own: dict[Worker, dict[int, int]] = {}
        # When each thread that asks began to.
        self._asking: dict[Task, float] = {}

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        cache = TieredCache(redis, DistributedLocks(redis, worker.name), SETTINGS)
        put = cache._remote.put

        def watched(entry: Entry) -> object:
            self._stored(entry)
            return put(entry)

        setattr(cache._remote, "put", watched)
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
            self._change(worker, item["user"])
        else:
            with suppress(OSError):
                self._ask(worker, item["user"], item["behind"])

    def settled(self) -> bool:
        late = self.world.now - SETTINGS.max_staleness
        made = [change.appended for changes in self._changes.values() for change in changes[1:]]
        return super().settled() and all(at is not None and at <= late for at in made)

    def finish(self, worker: Worker) -> None:
        if not self.settled():
            raise self.world.violate("what was committed did not get into the log")
        # Only workers that have started: others come to ask the database first.
        for one in filter(lambda worker: worker.state is not None, self.living.values()):
            one.spawn("last look", partial(self._look, one))
        self._look(worker)
        self.world.sleep(LAST_LOOK)

    def _look(self, worker: Worker) -> None:
        for user in USERS:
            self._ask(worker, user, None)

    def _change(self, worker: Worker, user: int) -> None:
        changes = self._changes[user]
        change = CommittedChange(0)

        def commit() -> None:
            change.version = changes[-1].version + 1
            changes.append(change)
            self._left_over.append((user, change))

        try:
            self.world.call(commit)
        except OSError:
            return
        if self._append(worker.state, user, change):
            own = self._own.setdefault(worker, {})
            own[user] = max(own.get(user, 0), change.version)

    def _append(self, cache: TieredCache, user: int, change: CommittedChange) -> bool:
        """Whether the log has it."""
        try:
            position = cache.invalidate(tags.user(user))
        except StoreUnavailable:
            return False
        if change.appended is None:
            change.appended, change.position = self.world.now, position
        if (user, change) in self._left_over:
            self._left_over.remove((user, change))
        return True

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

    def _due(self, user: int, moment: float) -> CommittedChange:
        """The newest change of a user that was in the log at a moment."""
        heard = [
            one
            for one in self._changes[user]
            if one.appended is not None and one.appended <= moment
        ]
        return max(heard, key=lambda one: one.version, default=self._changes[user][0])

    def _stored(self, entry: Entry) -> None:
        """A worker is about to store what it loaded, for others."""
        task = self.world.current
        if task not in self._asking:
            return  # it refreshes what it knows
        due = self._due(entry.user_id, self._asking[task] - SETTINGS.max_staleness)
        if due.position is not None and entry.position < due.position and not self.server.lost:
            raise self.world.violate(
                f"user {entry.user_id}: stored as of {entry.position}, long after {due.position}"
            )

    def _ask(self, worker: Worker, user: int, behind: int | None) -> None:
        began = self.world.now
        own = self._own.get(worker, {}).get(user, 0)
        task = self.world.current
        assert task is not None
        self._asking[task] = began
        changes = self._changes[user]
        covered = [one for one in changes if one.position is not None]
        demanded = None if behind is None or behind >= len(covered) else covered[-1 - behind]
        due = self._due(user, began - SETTINGS.max_staleness).version
        entry, tier = worker.state.get_or_load(
            user, PLACE, self._loader(user), demanded.position if demanded else None
        )
        if demanded is not None and entry.mask < demanded.version:
            raise self.world.violate(
                f"user {user}: {tier} says {entry.mask}, and {demanded.position} is"
                f" {demanded.version}"
            )
        if entry.mask < own:
            raise self.world.violate(
                f"user {user}: {tier} says {entry.mask} where {own} was made known"
            )
        if entry.mask < due:
            raise self.world.violate(f"user {user}: {tier} says {entry.mask} long after {due}")
