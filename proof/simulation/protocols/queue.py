"""The queue: each job that was acknowledged is done, and one that was put in once is one item."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from proof.simulation.protocols.protocol import USUAL, Protocol
from proof.simulation.scheduler import Item, Worker, World
from yoto.errors import PlatformError
from yoto.redis import RedisConnection
from yoto.rooms.queues.batch import BatchQueue, QueueSettings
from yoto.rooms.queues.batch.items import QueueItem

SETTINGS = QueueSettings(
    workers=2, batch_size=3, batch_age=0.05, lease=2.0, retry_delay=0.2, retry_delay_max=1.0
)
# Times that an item may fail or lose its worker here, without being given up.
TRIES = 1_000


class Jobs(Protocol):
    """Workers put jobs in, with a key or without, and do the jobs of one another."""

    name = "queue"
    operations = 2.0
    calm = 14.0
    # Without a flush: it takes jobs away, as documented.
    incidents = USUAL | {"flush": 0}

    def __init__(self, world: World) -> None:
        super().__init__(world)
        # Losses of the server before the call that a job was acknowledged by.
        self._acknowledged: dict[int, int] = {}
        self._done: dict[int, int] = {}
        # Losses of the server when a job was first sent, and its items.
        self._sent: dict[int, int] = {}
        self._items: dict[int, set[str]] = {}

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        settings = replace(SETTINGS, max_tries=TRIES)
        queue = BatchQueue(redis, worker.name, settings)
        queue.register_handler("job", self._handle)
        queue.start()
        return queue

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        return {"do": "put", "keyed": dice.random() < 0.4, "fails": dice.random() < 0.2}

    def do(self, worker: Worker, item: Item) -> None:
        job = item["number"]
        payload = {"job": job, "fails": item["fails"]}
        self._sent[job] = self.server.lost
        # With a key, asking again is safe.
        for _ in range(3 if item["keyed"] else 1):
            lost = self.server.lost
            try:
                worker.state.enqueue("job", payload, f"job-{job}" if item["keyed"] else None)
            except PlatformError:
                self.world.sleep(0.3)
            else:
                self._acknowledged[job] = lost
                return

    def settled(self) -> bool:
        return not self._left

    def finish(self, worker: Worker) -> None:
        if self._left:
            raise self.world.violate(f"jobs {self._left} were acknowledged, and are not done")

    @property
    def _left(self) -> list[int]:
        kept = (job for job, losses in self._acknowledged.items() if losses == self.server.lost)
        return [job for job in kept if job not in self._done]

    def _handle(self, items: Sequence[QueueItem]) -> None:
        for item in items:
            job: int = item.payload["job"]
            ids = self._items.setdefault(job, set())
            ids.add(item.id)
            if len(ids) > 1 and self._sent[job] == self.server.lost:
                raise self.world.violate(f"job {job} was put in once, and is {len(ids)} items")
            if item.payload["fails"] and item.attempt == 1:
                raise RuntimeError("it works the second time")
            self.world.call(lambda job=job: self._effect(job))  # type: ignore[misc]

    def _effect(self, job: int) -> None:
        self._done[job] = self._done.get(job, 0) + 1
