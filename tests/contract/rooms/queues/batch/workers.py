"""Processes that handle items.

The effect of an item comes once, however often it is handled: the first to set the item's bit
adds its number to a total. Every time counts as a delivery.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.support.nursery import Nursery
from tests.support.workers import WorkerProcess, Workers, as_options, from_options
from yoto.events import new_instance_id
from yoto.redis import KeyBuilder, RedisConnection, RedisSettings, Script
from yoto.rooms.queues.batch import BatchQueue, QueueItem, QueueSettings

AFTERMATH = 0.002  # s

EFFECT = Script(
    "effect",
    """
    for _, n in ipairs(ARGV) do
      redis.call('INCR', KEYS[2])
      if redis.call('SETBIT', KEYS[1], n, 1) == 0 then
        redis.call('INCRBY', KEYS[3], n)
      end
    end
    """,
    repeatable=False,
)


def effect_keys(keys: KeyBuilder) -> list[str]:
    """Where the effect is: the bits, the deliveries, the total."""
    return [keys.tagged("effect", part) for part in ("bits", "deliveries", "total")]


class Worker:
    """The worker's side."""

    def __init__(self, given: dict[str, Any]) -> None:
        # Failures are what the test is about.
        logging.disable(logging.CRITICAL)
        self.redis = RedisConnection(from_options(given["reach"]))
        self.queue = BatchQueue(self.redis, new_instance_id(), QueueSettings(**given["queue"]))
        self.queue.register_handler("job", self.handle)
        self.queue.start()

    def ready(self) -> bool:
        """Answer, once it runs."""
        return True

    def handle(self, items: Sequence[QueueItem]) -> None:
        if any(item.payload.get("poison") for item in items):
            raise RuntimeError("nobody can do this")
        self.redis.scripts.run(
            EFFECT, effect_keys(self.redis.keys), [item.payload["n"] for item in items]
        )
        # Items whose worker is killed here were done, and are not known to be.
        time.sleep(AFTERMATH)


class QueueWorkers(Workers):
    """Starts processes that handle items."""

    def __init__(self, nursery: Nursery) -> None:
        super().__init__(nursery, __name__)

    def start_at(
        self, reach: RedisSettings, settings: QueueSettings, count: int
    ) -> list[WorkerProcess]:
        """``count`` processes that share one queue."""
        return self.start(count, _given(reach, settings))

    def begin_at(self, reach: RedisSettings, settings: QueueSettings) -> WorkerProcess:
        """One more, which takes part as soon as it is ready."""
        return self.begin(_given(reach, settings))


def _given(reach: RedisSettings, settings: QueueSettings) -> dict[str, Any]:
    return {"reach": as_options(reach), "queue": asdict(settings)}
