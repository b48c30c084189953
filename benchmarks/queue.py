"""The cost of an item of the queue, in and out, against the least that Redis can do, and a peer.

``python -m benchmarks queue [--rounds N] [--json FILE]`` starts its own server and measures in
turns, in microseconds an item:

- the floor: redis-py with nothing around it. XADD one by one and in pipelines; XREADGROUP, then
  XACK and XDEL of what was read in one pipeline. It has no retry, no dead letters, no counters, no
  leases.
- the batch queue: ``enqueue``, ``enqueue_many``, and from the start of one worker until Redis knows
  that all is done, in batches of 100 and one by one.
- dramatiq with its Redis broker (``requirements-bench.txt``): ``send``, and its usual eight threads
  until all is done. It calls its function with one message at a time, of which it has fetched as
  many as a batch of ours.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from tests.support.redis_servers import Server, start_valkey
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.batch import BatchQueue, QueueSettings

ROUNDS = 5
ONE_BY_ONE = 1_000  # items of a round
MANY = 10_000
BATCH = 100
PIPELINE = 500
PAYLOAD: dict[str, Any] = {"user_id": 42, "place": 14, "reason": "preload"}

# Times the floor that an item may cost from end to end, and times cheaper than the peer.
MOST_TIMES_FLOOR, LEAST_CHEAPER = 3.0, 3.0

# A name, its items, and the function to time; that may return a function to call afterwards.
Part = tuple[str, int, Callable[[], Callable[[], None] | None]]


def floor(server: Server) -> list[Part]:
    """Streams by redis-py alone."""
    client = redis.Redis.from_url(server.url)
    client.xgroup_create("floor", "workers", "0", mkstream=True)
    data = json.dumps(PAYLOAD)

    def add() -> None:
        for _ in range(ONE_BY_ONE):
            client.xadd("floor", {"payload": data})

    def add_many() -> None:
        for _ in range(MANY // PIPELINE):
            pipe = client.pipeline(transaction=False)
            for _ in range(PIPELINE):
                pipe.xadd("floor", {"payload": data})
            pipe.execute()

    def take(count: int) -> None:
        while True:
            read: Any = client.xreadgroup("workers", "me", {"floor": ">"}, count=count)
            if not read:
                return
            entries = read[b"floor"][0] if isinstance(read, dict) else read[0][1]
            ids = [entry for entry, fields in entries if json.loads(fields[b"payload"])]
            pipe = client.pipeline(transaction=False)
            pipe.xack("floor", "workers", *ids)
            pipe.xdel("floor", *ids)
            pipe.execute()

    return [
        ("put one by one", ONE_BY_ONE, add),
        ("handle one by one", ONE_BY_ONE, lambda: take(1)),
        ("put many", MANY, add_many),
        ("handle batches", MANY, lambda: take(BATCH)),
    ]


def ours(connection: RedisConnection) -> list[Part]:
    """The batch queue with one worker."""
    settings = QueueSettings(workers=1, batch_size=BATCH, batch_age=0.0)

    def handle(settings: QueueSettings, count: int) -> Callable[[], None]:
        queue = BatchQueue(connection, "bench", settings)
        called = threading.Semaphore(0)
        queue.register_handler("job", lambda items: called.release(len(items)))
        queue.start()
        for _ in range(count):
            called.acquire()
        while queue.stats().length:
            time.sleep(0.001)
        return queue.close

    queue = BatchQueue(connection, "bench", settings)

    single = replace(settings, batch_size=1)

    def put() -> None:
        for _ in range(ONE_BY_ONE):
            queue.enqueue("job", PAYLOAD)

    def put_many() -> None:
        queue.enqueue_many("job", [PAYLOAD] * MANY)

    return [
        ("put one by one", ONE_BY_ONE, put),
        ("handle one by one", ONE_BY_ONE, lambda: handle(single, ONE_BY_ONE)),
        ("put many", MANY, put_many),
        ("handle batches", MANY, lambda: handle(settings, MANY)),
    ]


def peer(server: Server) -> list[Part]:
    """dramatiq; nothing where it is not installed."""
    os.environ["dramatiq_queue_prefetch"] = str(BATCH)
    try:
        import dramatiq
        from dramatiq.brokers.redis import RedisBroker
    except ModuleNotFoundError:
        print("dramatiq is not installed: pip install -r requirements-bench.txt")
        return []
    # It warns for each worker after the first that there was one before.
    logging.getLogger("dramatiq").setLevel(logging.ERROR)
    broker = RedisBroker(url=server.url, namespace="peer")
    dramatiq.set_broker(broker)

    @dramatiq.actor
    def job(user_id: int, place: int, reason: str) -> None:
        pass

    def put() -> None:
        for _ in range(ONE_BY_ONE):
            job.send(**PAYLOAD)

    def handle() -> Callable[[], None]:
        worker = dramatiq.Worker(broker, worker_timeout=100)
        worker.start()
        broker.join(job.queue_name, interval=2)
        return worker.stop

    return [("put one by one", ONE_BY_ONE, put), ("handle one by one", ONE_BY_ONE, handle)]


def measure(parts: dict[str, list[Part]], rounds: int) -> dict[str, dict[str, float]]:
    """Median microseconds an item; the contestants take turns so that a busy spell hits all."""
    times: dict[str, dict[str, list[float]]] = {name: {} for name in parts}
    for _ in range(rounds):
        for name, steps in parts.items():
            for step, items, act in steps:
                started = time.perf_counter()
                afterwards = act()
                spent = (time.perf_counter() - started) / items * 1e6
                if afterwards is not None:
                    afterwards()
                times[name].setdefault(step, []).append(spent)
    return {
        name: {step: round(statistics.median(spent), 1) for step, spent in steps.items()}
        for name, steps in times.items()
    }


def main() -> None:
    """Print a table; write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    with (
        start_valkey() as server,
        closing(RedisConnection(RedisSettings(url=server.url, socket_timeout=5.0))) as connection,
    ):
        contestants = {"floor": floor(server), "batch queue": ours(connection)}
        rival = peer(server)
        if rival:
            contestants["dramatiq"] = rival
        figures = measure(contestants, options.rounds)
    for step in figures["floor"]:
        shown = (f"{name} {steps[step]:8.1f}" for name, steps in figures.items() if step in steps)
        print(f"{step:18} us an item: " + "   ".join(shown))
    batched = {
        name: steps["put many"] + steps["handle batches"]
        for name, steps in figures.items()
        if "put many" in steps
    }
    ratio = round(batched["batch queue"] / batched["floor"], 2)
    print(f"in batches, in and out: {ratio} times the floor (target: at most {MOST_TIMES_FLOOR})")
    result: dict[str, Any] = {**figures, "times the floor": ratio}
    if rival:
        cheaper = round(sum(figures["dramatiq"].values()) / batched["batch queue"], 1)
        print(f"dramatiq: {cheaper} times as much (target: at least {LEAST_CHEAPER})")
        result["dramatiq, times as much"] = cheaper
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
