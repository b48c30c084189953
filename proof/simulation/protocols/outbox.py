"""The outbox: each committed change comes to every worker, at least once or as a gap."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from proof.simulation.protocols.protocol import USUAL, Protocol
from proof.simulation.scheduler import Item, Worker, World
from proof.simulation.virtual import utcnow
from yoto.cache import CacheSettings, Position, TieredCache, tags
from yoto.errors import StoreUnavailable
from yoto.optimization.lock import DistributedLocks
from yoto.permission.outbox.notifying import ChangeNotifier
from yoto.permission.outbox.publisher import Outbox
from yoto.permission.outbox.relay import OutboxRelay
from yoto.permission.outbox.rows import Event, outbox
from yoto.redis import RedisConnection

INTERVAL = 1.0


class Database:
    """SQLite in memory, in the place of a ``SidePool``. A block happens at one moment; before and
    after it, others go on, and the connection may break."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = create_engine("sqlite://", poolclass=StaticPool)
        outbox.create(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._travel()
        with self._engine.connect() as connection:
            yield connection
        self._travel()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self._travel()
        with self._engine.begin() as connection:
            yield connection
        self._travel()

    def look(self) -> Connection:
        """For the checks alone: nothing happens meanwhile."""
        return self._engine.connect()

    def _travel(self) -> None:
        try:
            self._world.call(lambda: None)
        except OSError as error:
            raise StoreUnavailable("database", error) from error


class Heard:
    """The last moment at which a worker heard of each subject; ``global`` stands for all."""

    def __init__(self, protocol: Changes) -> None:
        self._protocol = protocol
        self.began = protocol.world.now
        self.at: dict[str, float] = {}
        self._last = Position(0)

    def __call__(self, subjects: Sequence[str], position: Position) -> None:
        if position < self._last:
            raise self._protocol.world.violate(f"{position} came after {self._last}")
        self._last = position
        self.at.update(dict.fromkeys(subjects, self._protocol.world.now))

    def knows(self, subject: str, committed: float) -> bool:
        """Whether the worker heard of it after it was committed, or began after that."""
        last = max(self.at.get(subject, -1.0), self.at.get(tags.GLOBAL, -1.0), self.began)
        return last >= committed


class Changes(Protocol):
    """Workers commit changes and publish them; a relay publishes those that one leaves behind."""

    name = "outbox"
    operations = 3.0
    incidents = USUAL | {"kill": 5, "failover": 3, "away": 8}

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._database = Database(world)
        self._ids = 0
        self._committed: dict[str, float] = {}

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        locks = DistributedLocks(redis, worker.name)
        cache = TieredCache(redis, locks, CacheSettings())
        heard = Heard(self)
        cache.tailer.subscribe(heard)
        notifier = ChangeNotifier(bool)
        publisher = Outbox(cache, self._database, notifier)  # type: ignore[arg-type]
        relay = OutboxRelay(
            cache,
            locks,
            self._database,  # type: ignore[arg-type]
            publisher.counts,
            notifier,
            INTERVAL,
        )
        cache.start()
        relay.start()
        return publisher, heard

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        return {"do": "change"}

    def do(self, worker: Worker, item: Item) -> None:
        # Ids are given out when a row is written, and seen when it is committed: out of order.
        self._ids += 1
        event = Event(self._ids, tags.user(self._ids))
        row = {"id": event.id, "subject": event.subject, "created_at": utcnow()}
        try:
            self.world.call(lambda: None)
            with self._database.begin() as connection:
                connection.execute(insert(outbox), row)
                self._committed[event.subject] = self.world.now
        except (StoreUnavailable, OSError):
            return
        publisher, _ = worker.state
        publisher.publish([event])

    def settled(self) -> bool:
        return not self._unheard() and not self._unpublished()

    def finish(self, worker: Worker) -> None:
        if left := self._unheard():
            raise self.world.violate(f"never heard of a change: {left}")
        if rows := self._unpublished():
            raise self.world.violate(f"{rows} changes were left in the outbox")

    def _unpublished(self) -> int:
        with self._database.look() as connection:
            rows = select(func.count()).where(outbox.c.published_at.is_(None))
            return int(connection.scalar(rows) or 0)

    def _unheard(self) -> list[str]:
        """The workers that live and did not hear of something, and of what."""
        return [
            f"{one.name}: {subject}"
            for one in self.living.values()
            if one.state is not None
            for subject, committed in self._committed.items()
            if not one.state[1].knows(subject, committed)
        ]
