"""Queues on each kind of server, each test with keys of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.rooms.queues.batch.workers import QueueWorkers
from tests.support.nursery import Nursery
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.events import new_instance_id
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.batch import BatchQueue, KindStats, QueueItem, QueueSettings

# Nothing waits longer than a test has to.
QUICK = QueueSettings(
    batch_age=0.0, retry_delay=0.02, retry_delay_max=0.1, max_tries=3, lease=15.0, handler_limit=30
)

MakeQueue = Callable[..., BatchQueue]
HandlerCount = Callable[[], int]


class Recorder:
    """A handler that keeps what it was called with."""

    def __init__(self, fail: Callable[[QueueItem], bool] = lambda item: False) -> None:
        self.calls: list[tuple[QueueItem, ...]] = []
        self._fail = fail

    def __call__(self, items: Sequence[QueueItem]) -> None:
        self.calls.append(tuple(items))
        for item in items:
            if self._fail(item):
                raise RuntimeError(f"cannot do {item.payload}")

    @property
    def numbers(self) -> list[int]:
        """``payload["n"]`` of all items, in order."""
        return [item.payload["n"] for call in self.calls for item in call]


def numbered(count: int) -> list[dict[str, Any]]:
    """So many payloads."""
    return [{"n": n} for n in range(count)]


def of_kind(queue: BatchQueue, kind: str = "job") -> KindStats:
    """The state of one kind."""
    return queue.stats().kinds[kind]


def settled(queue: BatchQueue, kind: str = "job") -> KindStats:
    """The state of a kind as soon as nothing of it is left to do."""

    def nothing_left() -> bool:
        try:
            return of_kind(queue, kind).length == 0
        except StoreUnavailable:  # its Redis starts again, or a busy machine answers late
            return False

    wait_until(nothing_left, 60)
    return of_kind(queue, kind)


def adds_up(stats: KindStats) -> bool:
    """Whether every item, and every try, is accounted for."""
    counts = stats.counts
    return (
        counts.enqueued + counts.redriven == counts.handled + counts.dead + stats.length
        and counts.delivered == counts.handled + counts.failed + counts.lapsed + stats.in_flight
        and counts.dead == counts.redriven + counts.forgotten + counts.discarded + stats.dead
    )


@pytest.fixture
def running_handlers() -> HandlerCount:
    """How many threads of queues there are that this test has begun: those that take items, and
    those whose handler has not returned."""
    before = set(threading.enumerate())
    return lambda: sum(
        thread.name == "yoto-queue-worker" for thread in set(threading.enumerate()) - before
    )


@pytest.fixture
def make_queue(running_handlers: HandlerCount) -> Iterator[MakeQueue]:
    """Makes queues, as each process has one; they are closed after the test."""
    made: list[tuple[RedisConnection, BatchQueue]] = []

    def make(settings: RedisSettings, **fields: Any) -> BatchQueue:
        redis = RedisConnection(settings)
        queue = BatchQueue(redis, new_instance_id(), replace(QUICK, **fields))
        made.append((redis, queue))
        return queue

    yield make
    for _, queue in made:
        queue.close(0.5)
    # A queue does not wait for handlers that it gave up; one that returns would connect again.
    wait_until(lambda: running_handlers() == 0, what="the end of all handlers")
    for redis, _ in made:
        redis.close()


@pytest.fixture
def queue(make_queue: MakeQueue, reach: RedisSettings) -> BatchQueue:
    """One process's queue, which does not run yet."""
    return make_queue(reach)


@pytest.fixture
def queue_workers(nursery: Nursery) -> Iterator[QueueWorkers]:
    """Starts processes that handle items, and ends them after the test."""
    with QueueWorkers(nursery) as started:
        yield started
