"""Runs the probe in each situation and prints how old verdicts got."""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any

import redis

from benchmarks.staleness.credentials import KINDS
from benchmarks.staleness.probe import Platform, Round
from tests.support.mariadb import start_mariadb
from tests.support.nursery import Nursery
from tests.support.postgresql import start_postgresql
from tests.support.redis_servers import Cluster, Server, start_cluster, start_valkey

Database = Callable[[], dict[str, str]]
# MAX_STALENESS and the relay's interval; the rest is for a busy machine to run those who watch.
BOUND = 2.0 + 1.0
SLACK = 0.5
CALM, STORMY = 0.6, BOUND + SLACK  # s that a round is watched
OUTAGE = 1.5  # s


def cut_tailers(server: Server) -> None:
    """Kill every connection that waits for the log."""
    with server.client() as client:
        for one in client.client_list():
            if one["cmd"].startswith("xread"):
                try:
                    client.client_kill_filter(_id=one["id"])
                except redis.ResponseError:
                    continue  # it has gone by itself meanwhile


@contextmanager
def cutting(server: Server) -> Iterator[None]:
    """Cut tailers over and over within the block."""
    over = threading.Event()

    def cut() -> None:
        while not over.wait(0.05):
            cut_tailers(server)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def soon(act: Callable[[], Any]) -> None:
    """Do something after the outage, while workers are watched."""
    timer = threading.Timer(OUTAGE, act)
    timer.daemon = True
    timer.start()


def on_one_server(rounds: int, few: int, database: Database) -> dict[str, list[Round]]:
    """All situations that need one server: so many rounds in the calm, a few in each trouble."""
    found: dict[str, list[Round]] = {}
    with (
        start_valkey() as server,
        Nursery() as nursery,
        Platform(
            nursery, {"REDIS_URL": server.url, **database()}, people=rounds + 4 * few
        ) as platform,
    ):
        found["calm"] = [platform.round(CALM) for _ in range(rounds)]
        with cutting(server):
            found["tailers cut"] = [platform.round(STORMY) for _ in range(few)]
        time.sleep(1.0)
        found["writer dies unheard"] = [platform.round_with_a_death(STORMY) for _ in range(few)]
        found["redis paused"] = [
            platform.round(STORMY, server.pause, lambda: soon(server.resume)) for _ in range(few)
        ]
        time.sleep(1.0)
        found["redis restarted"] = [
            platform.round(STORMY, server.kill, lambda: soon(server.start)) for _ in range(few)
        ]
    return found


def of_credentials(rounds: int, few: int, database: Database) -> dict[str, list[Round]]:
    """The same situations when a credential ends, one kind after the other."""
    found: dict[str, list[Round]] = {}
    # Each kind of end once in each trouble, at least.
    few = max(few, len(KINDS))
    kinds = cycle(KINDS)
    with (
        start_valkey() as server,
        Nursery() as nursery,
        Platform(
            nursery, {"REDIS_URL": server.url, **database()}, people=0, accounts=rounds + 4 * few
        ) as platform,
    ):
        ask = platform.credential_round
        found["credentials, calm"] = [ask(next(kinds), CALM) for _ in range(rounds)]
        with cutting(server):
            found["credentials, tailers cut"] = [ask(next(kinds), STORMY) for _ in range(few)]
        time.sleep(1.0)
        found["credentials, writer dies"] = [
            platform.credential_round_with_a_death(next(kinds), STORMY) for _ in range(few)
        ]
        found["credentials, redis paused"] = [
            ask(next(kinds), STORMY, server.pause, lambda: soon(server.resume)) for _ in range(few)
        ]
        time.sleep(1.0)
        found["credentials, redis restarted"] = [
            ask(next(kinds), STORMY, server.kill, lambda: soon(server.start)) for _ in range(few)
        ]
    return found


def on_a_cluster(rounds: int, few: int, database: Database) -> dict[str, list[Round]]:
    """The calm, and the loss of the primary that has the log: each time in a cluster of its own."""
    with on_new_cluster(rounds, database) as (_, platform):
        calm = [platform.round(CALM) for _ in range(rounds)]
    killed = []
    for _ in range(few):
        with on_new_cluster(1, database) as (cluster, platform):
            kill = partial(_kill_log_owner, cluster)
            killed.append(platform.round(STORMY + OUTAGE, kill))
    return {"cluster, calm": calm, "cluster, primary killed": killed}


@contextmanager
def on_new_cluster(people: int, database: Database) -> Iterator[tuple[Cluster, Platform]]:
    """A cluster with copies, and workers on it."""
    with (
        start_cluster(primaries=3, replicas=1) as cluster,
        Nursery() as nursery,
        Platform(
            nursery, {"REDIS_CLUSTER_NODES": cluster.nodes, **database()}, people=people
        ) as platform,
    ):
        yield cluster, platform


def _kill_log_owner(cluster: Cluster) -> None:
    client = redis.RedisCluster("127.0.0.1", cluster.servers[0].port)
    slot: int = client.keyslot("yoto:{inv}")
    client.close()
    cluster.owner_of(slot).kill()


def figures_of(rounds: list[Round]) -> dict[str, float]:
    """Milliseconds of staleness without a position, and figures that must be 0."""
    delays = sorted(delay * 1000 for one in rounds for delay in one.delays)
    return {
        "rounds": len(rounds),
        "p50": round(statistics.median(delays), 1),
        "p99": round(delays[min(len(delays) - 1, int(len(delays) * 0.99))], 1),
        "max": round(delays[-1], 1),
        "wrong with position": sum(one.wrong_with_position for one in rounds),
        "enemies": sum(one.enemies for one in rounds),
        "errors": sum(one.failures for one in rounds),
    }


@contextmanager
def databases(kind: str) -> Iterator[Database]:
    """Gives new databases of a kind, as configuration; SQLite is what platforms have by default."""
    if kind == "sqlite":
        yield dict
        return
    server = start_postgresql() if kind == "postgresql" else start_mariadb()
    if server is None:
        raise SystemExit(f"{kind} is not installed")
    numbers = count()
    with server:
        yield lambda: {"DATABASE_URL": server.create_database(f"probe{next(numbers)}")}


def main() -> None:
    """Print the figures; write them as JSON when asked to. Exit status 1 when a promise broke."""
    parser = argparse.ArgumentParser(description="How old a verdict can get.")
    parser.add_argument("--rounds", type=int, default=50, help="rounds in the calm")
    parser.add_argument("--outages", type=int, help="rounds in each trouble (a tenth of those)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--database", choices=("sqlite", "mariadb", "postgresql"), default="sqlite")
    options = parser.parse_args()
    few = max(1, options.rounds // 10) if options.outages is None else options.outages
    with databases(options.database) as database:
        found = (
            on_one_server(options.rounds, few, database)
            | of_credentials(options.rounds, few, database)
            | on_a_cluster(options.rounds, few, database)
        )
    figures = {name: figures_of(rounds) for name, rounds in found.items()}
    columns = list(next(iter(figures.values())))
    print(f"{'staleness in ms':30}" + "".join(f"{name:>20}" for name in columns))
    for name, numbers in figures.items():
        print(f"{name:30}" + "".join(f"{numbers[column]:20,.1f}" for column in columns))
    print(f"bound: {BOUND:g} s; never wrong with a position; never an enemy")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    broken = [
        name
        for name, numbers in figures.items()
        if numbers["max"] > (BOUND + SLACK) * 1000
        or numbers["wrong with position"]
        or numbers["enemies"]
    ]
    if broken:
        raise SystemExit(f"broken: {', '.join(broken)}")
