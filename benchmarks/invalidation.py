"""How fast a flood of invalidations of one server is emptied, by strategy.

``python -m benchmarks invalidation [--items N] [--json FILE]`` starts its own server, queues users
of one server, and takes the time from the start of the worker until the log has all of them and
another cache has applied them. Single keys are timed twice: one entry of
the log for each, as callers of ``cache.invalidate`` write them, and as ``conservative`` writes them
at no pace, up to 500 in one entry.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.redis_servers import start_valkey
from yoto import cache as cache_layer
from yoto.cache import Position, TieredCache
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.invalidation import (
    InvalidationSettings,
    LogAccess,
    SmartInvalidation,
    Submission,
)

ITEMS = 50_000
LEAST_FASTER = 10.0  # times, than single keys
LIMIT = 600.0  # s
PACE = 100_000  # items a second: the pace must not be what is measured

tags = cache_layer.tags
SERVER = tags.node("server", 7)


class Measured(NamedTuple):
    """Seconds until the log had everything and until another cache had applied it; its entries."""

    emptied: float
    applied: float
    entries: int


class Side:
    """The parts of one process."""

    def __init__(self, reach: RedisSettings) -> None:
        self.redis = RedisConnection(reach)
        self.locks = DistributedLocks(self.redis)
        self.cache = TieredCache(self.redis, self.locks)
        self.cache.start(30)

    def entries(self) -> int:
        """The number of entries that the log ever had."""
        return int(self.redis.client.get(self.redis.keys.invalidation_log("n")))

    def close(self) -> None:
        self.cache.close()
        self.locks.close()
        self.redis.close()


@contextmanager
def sides(url: str) -> Iterator[tuple[Side, Side]]:
    """The process that publishes, and another one."""
    reach = RedisSettings(url=url, socket_timeout=5.0)
    pair = Side(reach), Side(reach)
    try:
        yield pair
    finally:
        for side in pair:
            side.close()


def one_by_one(here: Side, there: Side, users: list[str]) -> Measured:
    """Single keys, as they come."""
    before, began = here.entries(), time.perf_counter()
    for user in users:
        position = here.cache.invalidate(user)
    return measured(here, there, position, before, began)


def through_the_queue(here: Side, there: Side, users: list[str], strategy: str) -> Measured:
    """The queue, by one strategy."""
    invalidation = SmartInvalidation(
        here.redis, here.locks, InvalidationSettings(strategy=strategy, pace=PACE)
    )
    invalidation.connect(LogAccess(here.cache.invalidate, tags.is_known, tags.memory, tags.GLOBAL))
    receipt = invalidation.submit_many(
        [Submission(user, "benchmark", "all", SERVER) for user in users]
    )
    before, began = here.entries(), time.perf_counter()
    invalidation.start()
    drained = invalidation.drain(LIMIT, receipt)
    if not drained.done or drained.position is None:
        raise SystemExit(f"{strategy}: {drained.left} items were left after {LIMIT:.0f} s")
    found = measured(here, there, Position.parse(drained.position), before, began)
    invalidation.close()
    return found


def measured(here: Side, there: Side, position: Position, before: int, began: float) -> Measured:
    """The times until now, and until the other side has applied ``position``."""
    emptied = time.perf_counter() - began
    if not there.cache.tailer.wait_until_applied(position, LIMIT):
        raise SystemExit("the other cache did not hear of it")
    return Measured(emptied, time.perf_counter() - began, here.entries() - before)


def main() -> None:
    """Measure, print, and fail where covering does not pay."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks invalidation")
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    users = [tags.user(number) for number in range(1, options.items + 1)]
    with start_valkey() as server, sides(server.url) as (here, there):
        found = {"single keys, an entry each": one_by_one(here, there, users)}
        for strategy in ("conservative", "auto", "aggressive"):
            found[strategy] = through_the_queue(here, there, users, strategy)
    print(f"{options.items} users of one server")
    print(f"{'':28}{'emptied s':>12}{'applied s':>12}{'entries':>10}")
    for name, one in found.items():
        print(f"{name:28}{one.emptied:12.3f}{one.applied:12.3f}{one.entries:10}")
    aggressive = found["aggressive"]
    ratios = {
        name: one.emptied / aggressive.emptied
        for name, one in found.items()
        if name not in ("aggressive", "auto")
    }
    for name, ratio in ratios.items():
        print(f"aggressive is {ratio:.0f} times faster than {name}")
    if options.json is not None:
        result = {"measured": {name: one._asdict() for name, one in found.items()}}
        options.json.write_text(json.dumps(result | {"ratios": ratios}, indent=2))
    if min(ratios.values()) < LEAST_FASTER:
        sys.exit(f"less than {LEAST_FASTER:.0f} times faster than single keys")


if __name__ == "__main__":
    main()
