"""The cost of an empty script by the registry's short path and by redis-py, on the same server.

``python -m benchmarks redis_path [--rounds N] [--json FILE]`` starts its own servers, measures in
turns, and prints medians. On a machine with several processors much of a round trip is the time
that waking the other side takes, which depends on where the kernel happens to run the two
processes; so the measurement is made twice, once left to the kernel and once with both on one
processor.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.support.redis_servers import start_cluster, start_valkey
from yoto.redis import RedisConnection, RedisSettings, Script

EMPTY = Script("empty", "return 1", repeatable=True)
KEY = "yoto:{bench}"

ROUNDS = 150
CALLS = 100  # of each contestant in a round, before the next one's turn

TARGET = 0.75  # of redis-py's evalsha, on a single server


def measure(contestants: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median microseconds a call; the contestants take turns so that a busy spell hits all."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            times[name].append((time.perf_counter() - started) / CALLS * 1e6)
    return {name: round(statistics.median(values), 1) for name, values in times.items()}


def contest(settings: RedisSettings, plain: Any, rounds: int) -> dict[str, float]:
    """Compare the short path with ``plain``, a client as redis-py makes it by default."""
    connection = RedisConnection(settings)
    connection.scripts.run(EMPTY, [KEY])
    try:
        return measure(
            {
                "redis-py evalsha": lambda: plain.evalsha(EMPTY.sha, 1, KEY),
                "ScriptRegistry.run": lambda: connection.scripts.run(EMPTY, [KEY]),
            },
            rounds,
        )
    finally:
        connection.close()
        plain.close()


@contextmanager
def one_processor(wanted: bool) -> Iterator[None]:
    """Keep this process, and those it starts meanwhile, on one processor."""
    if not wanted:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(pinned: bool, rounds: int) -> dict[str, dict[str, float]]:
    """Both topologies, each on servers of its own."""
    with one_processor(pinned):
        with start_valkey() as server:
            plain = redis.Redis(host="127.0.0.1", port=server.port)
            single = contest(RedisSettings(url=server.url, socket_timeout=5.0), plain, rounds)
        with start_cluster(primaries=3, replicas=0) as cluster:
            nodes = tuple(("127.0.0.1", server.port) for server in cluster.servers)
            cluster_plain = redis.RedisCluster("127.0.0.1", cluster.servers[0].port)
            return {
                "single": single,
                "cluster": contest(
                    RedisSettings(nodes=nodes, socket_timeout=5.0), cluster_plain, rounds
                ),
            }


def main() -> None:
    """Print a table; write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    modes = {"as scheduled": False}
    if hasattr(os, "sched_setaffinity"):
        modes["one processor"] = True
    figures: dict[str, Any] = {}
    for mode, pinned in modes.items():
        for topology, medians in run(pinned, options.rounds).items():
            ratio = round(medians["ScriptRegistry.run"] / medians["redis-py evalsha"], 3)
            figures[f"{topology}, {mode}"] = {**medians, "ratio": ratio}
            print(
                f"{topology:8} {mode:14} redis-py {medians['redis-py evalsha']:7.1f} us"
                f"   registry {medians['ScriptRegistry.run']:7.1f} us   ratio {ratio:.3f}"
            )
    print(f"target: a ratio of at most {TARGET} on a single server")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
