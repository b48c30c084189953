"""The cost of a lock, alone and when processes contend for it.

``python -m benchmarks lock [--seconds N] [--json FILE]`` starts its own server. Alone: taking and
giving back, in turns with two empty scripts by the same connection (the floor: there is no lock in
fewer round trips) and with redis-py's ``Lock`` and its defaults. In contention: processes that take
turns at one lock and do nothing with it; how many turns a second there are in all, and how many the
unluckiest process had for each of the luckiest one's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from redis.lock import Lock as RedisPyLock

from benchmarks.redis_path import EMPTY, KEY, measure
from tests.support.redis_servers import start_valkey
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings

PROCESSES = (1, 2, 4, 8)
SECONDS = 2.0  # of contention, with each number of processes
LEASE = 10.0  # s
WAIT = 60.0  # s; nobody gives up

Take = Callable[[], Any]


def ours(url: str) -> Take:
    """A lock of this project: a function that gives a context manager."""
    locks = DistributedLocks(RedisConnection(RedisSettings(url=url, socket_timeout=5.0)))
    lock = locks.create_lock("bench", LEASE, WAIT)
    return lambda: lock


def theirs(url: str) -> Take:
    """redis-py's lock with the same lease, as its guide makes it."""
    client = redis.Redis.from_url(url)
    return lambda: RedisPyLock(client, "bench", timeout=LEASE, blocking_timeout=WAIT)


KINDS: dict[str, Callable[[str], Take]] = {"lock": ours, "redis-py Lock": theirs}


def alone(url: str) -> dict[str, float]:
    """Median microseconds of taking and giving back without contention, and of the floor."""
    connection = RedisConnection(RedisSettings(url=url, socket_timeout=5.0))

    def floor() -> None:
        connection.scripts.run(EMPTY, [KEY])
        connection.scripts.run(EMPTY, [KEY])

    def pair(take: Take) -> Callable[[], None]:
        def taken() -> None:
            with take():
                pass

        return taken

    contestants = {"two empty scripts": floor}
    contestants |= {name: pair(kind(url)) for name, kind in KINDS.items()}
    try:
        return measure(contestants)
    finally:
        connection.close()


def turns(kind: str, url: str, begin: float, seconds: float, counts: Any) -> None:
    """One process: take and give back until time is up; put how often into the queue."""
    take = KINDS[kind](url)
    count = 0
    with take():
        pass
    time.sleep(max(0.0, begin - time.monotonic()))
    until = begin + seconds
    while time.monotonic() < until:
        with take():
            count += 1
    counts.put(count)


def contention(kind: str, url: str, processes: int, seconds: float) -> dict[str, float]:
    """Turns a second of all processes, and the fewest turns of one by the most of one."""
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    begin = time.monotonic() + 0.5
    running = [
        context.Process(target=turns, args=(kind, url, begin, seconds, found))
        for _ in range(processes)
    ]
    for process in running:
        process.start()
    counts = [found.get() for _ in running]
    for process in running:
        process.join()
    return {
        "turns a second": round(sum(counts) / seconds, 1),
        "fairness": round(min(counts) / max(counts), 3),
    }


def main() -> None:
    """Print tables; write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="of contention, each number of processes"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, Any] = {"contention": {}}
    with start_valkey() as server:
        # This comes first, while the process has no thread or connection that a fork would copy.
        for processes in PROCESSES:
            for kind in KINDS:
                found = contention(kind, server.url, processes, options.seconds)
                figures["contention"][f"{kind}, {processes}"] = found
                print(
                    f"{processes} processes   {kind:15} {found['turns a second']:8.1f} turns/s"
                    f"   fewest/most {found['fairness']:.3f}"
                )
        medians = alone(server.url)
    floor = medians["two empty scripts"]
    figures["alone"] = medians
    for name, median in medians.items():
        print(f"{name:20} {median:7.1f} us   {median / floor:.2f} of the floor")
    ratio = round(medians["lock"] / medians["redis-py Lock"], 3)
    figures["ratio"] = ratio
    print(f"a lock of ours costs {ratio:.2f} of redis-py's")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
