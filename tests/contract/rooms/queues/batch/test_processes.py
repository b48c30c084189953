"""The queue over several processes that are killed, and a Redis that goes away in the middle."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
import redis as redis_client

from tests.contract.rooms.queues.batch.conftest import MakeQueue, adds_up, of_kind, settled
from tests.contract.rooms.queues.batch.workers import QueueWorkers, effect_keys
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Cluster, Server, start_cluster, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.batch import BatchQueue, QueueItem, QueueSettings

ITEMS = 100_000
PROCESSES = 4
POISON = 20
KILLS = 4
MAX_TRIES = 5
FAST = QueueSettings(
    batch_age=0.02, retry_delay=0.05, retry_delay_max=0.2, max_tries=MAX_TRIES, lease=1.0
)
# On a cluster, and through the loss of a server, the same with fewer.
FEW_ITEMS = 5_000
FEW_PROCESSES = 2


def payloads(count: int, poison: int) -> list[dict[str, Any]]:
    """Items whose numbers say which they are, and among them some that nobody can do."""
    items: list[dict[str, Any]] = [{"n": n} for n in range(count)]
    for n in random.sample(range(count), poison):
        items[n]["poison"] = True
    return items


def check(queue: BatchQueue, items: list[dict[str, Any]], redis: RedisConnection) -> None:
    """Each item was done exactly once in effect, or is a dead letter."""
    stats = settled(queue)
    good = [item["n"] for item in items if "poison" not in item]
    bits, deliveries, total = (redis.client.get(key) for key in effect_keys(redis.keys))
    assert sum(byte.bit_count() for byte in bits) == len(good)
    assert int(total) == sum(good)
    counts = stats.counts
    assert adds_up(stats)
    assert counts.enqueued == len(items)
    assert counts.handled == len(good)
    letters = queue.dead_letters(limit=1000).letters
    assert len(letters) == counts.dead == len(items) - len(good)
    assert all('"poison":true' in letter.payload for letter in letters)
    # An item that was killed with its consumer has used up a try by that.
    assert all(1 <= letter.tries <= MAX_TRIES for letter in letters)
    twice = int(deliveries) - len(good)
    # Items ran twice only after a kill, and no more than the killed had in their hands.
    assert twice <= counts.lapsed + counts.duplicates


def run_with_kills(
    queue: BatchQueue,
    workers: QueueWorkers,
    reach: RedisSettings,
    items: list[dict[str, Any]],
    processes: int,
    kills: int,
) -> None:
    """Handle ``items`` in processes, of which one is killed and replaced again and again."""
    running = workers.start_at(reach, FAST, processes)
    queue.enqueue_many("job", items)
    for number in range(1, kills + 1):
        # Spread over the work, however long it takes.
        left = len(items) * (kills + 1 - number) // (kills + 1)
        wait_until(lambda left=left: of_kind(queue).length <= left)
        # The oldest, so that it is one at work: the last one to come may still be starting.
        time.sleep(random.uniform(0, 0.02))
        running.pop(0).kill()
        running.append(workers.begin_at(reach, FAST))


def test_of_100000_items_none_is_lost_while_consumers_are_killed(
    queue_workers: QueueWorkers, make_queue: MakeQueue, valkey_server: Server
) -> None:
    reach = settings_of(valkey_server, key_prefix=f"test-{secrets.token_hex(6)}:")
    redis = RedisConnection(reach)
    items = payloads(ITEMS, POISON)
    queue = make_queue(reach)
    run_with_kills(queue, queue_workers, reach, items, PROCESSES, KILLS)
    check(queue, items, redis)
    # Some of so many kills met a consumer at work.
    assert of_kind(queue).counts.lapsed > 0
    # The killed are taken out of the group once nothing is pending for them.
    wait_until(lambda: len(_consumers(redis)) <= PROCESSES)
    redis.close()


def _consumers(redis: RedisConnection) -> list[bytes]:
    stream = redis.keys.queue("tasks", "job", "stream")
    found = redis.client.xinfo_consumers(stream, "workers")
    return [one["name"] for one in found if one["name"] != b"(delayed)"]


def test_none_is_lost_on_a_cluster(
    queue_workers: QueueWorkers, make_queue: MakeQueue, valkey_cluster: Cluster
) -> None:
    reach = settings_of(valkey_cluster, key_prefix=f"test-{secrets.token_hex(6)}:")
    redis = RedisConnection(reach)
    items = payloads(FEW_ITEMS, 2)
    queue = make_queue(reach)
    run_with_kills(queue, queue_workers, reach, items, FEW_PROCESSES, 1)
    check(queue, items, redis)
    redis.close()


@pytest.mark.parametrize("way", ["restart", "failover"])
def test_none_is_lost_when_redis_goes_away_in_the_middle(make_queue: MakeQueue, way: str) -> None:
    """A server with an append-only file comes back with all it said yes to; so does a replica
    that took over in order."""
    if way == "restart":
        server: Any = start_valkey({"appendonly": "yes", "appendfsync": "always"})
    else:
        server = start_cluster(primaries=1, replicas=1)
    with server:
        items = payloads(FEW_ITEMS, 2)
        done: set[int] = set()

        def handle(some: Sequence[QueueItem]) -> None:
            if any("poison" in item.payload for item in some):
                raise RuntimeError("nobody can do this")
            done.update(item.payload["n"] for item in some)

        queues = [make_queue(settings_of(server), **asdict(FAST)) for _ in range(2)]
        for queue in queues:
            queue.register_handler("job", handle)
            queue.start()
        half = len(items) // 2
        queue.enqueue_many("job", items[:half], [str(item["n"]) for item in items[:half]])
        wait_until(lambda: len(done) > half // 10)
        if way == "restart":
            server.restart()
        else:
            _hand_over(server)
        _enqueue_until_taken(queue, items[half:])
        stats = settled(queue)
        assert adds_up(stats)
        assert stats.counts.enqueued == len(items)
        assert (stats.counts.handled, stats.counts.dead) == (len(items) - 2, 2)
        assert done == {item["n"] for item in items if "poison" not in item}


def _hand_over(cluster: Cluster) -> None:
    (primary,) = cluster.primaries
    (replica,) = cluster.replicas[primary]
    with replica.client() as client:
        client.execute_command("CLUSTER", "FAILOVER")

        def is_primary() -> bool:
            try:
                return bool(client.info("replication")["role"] == "master")
            except redis_client.ConnectionError:
                return False

        wait_until(is_primary)


def _enqueue_until_taken(queue: BatchQueue, items: list[dict[str, Any]]) -> None:
    """With keys it is safe to ask again when it is not known whether Redis has them."""
    keys = [str(item["n"]) for item in items]

    def taken() -> bool:
        try:
            queue.enqueue_many("job", items, keys)
        except StoreUnavailable:
            time.sleep(0.05)
            return False
        return True

    wait_until(taken)
