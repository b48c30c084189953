"""How soon, and how surely, sockets of the control plane hear of events.

``python -m benchmarks control_sockets [--clients N] [--rate N] [--seconds N] [--json FILE]`` starts
a Redis server and one worker, connects clients to it (200 by default) that follow all events, and
publishes some each second (50) for a while. It prints whether every client heard every event once
and in order; the time from publishing to hearing, by one clock, since all run on one machine;
processor and memory of the worker. Then one more client stops reading while events pour in: it
prints the worker's largest growth until that client was cut off.

Exits with 1 unless every client heard every event once and in order, and the client that does not
read was cut off before the worker grew by more than ``MOST_GROWN_MB``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.control_sockets.listeners import run
from benchmarks.idle.processes import processor_seconds
from tests.support.lean_sockets import LeanSocket, listen
from tests.support.redis_servers import start_valkey
from tests.support.serving import Serving, serving
from tests.support.waiting import wait_until
from yoto.events import StoreLost
from yoto.fleet import Roster
from yoto.redis import RedisConnection, RedisSettings

# For the client that does not read: events, and characters of each.
POURED, TEXT = 4_000, 8_000
# For it the worker keeps 1,000 packets, and as many in its writer: 16 MB of this text, each held
# once more while it is encoded.
MOST_GROWN_MB = 60.0


def measure(served: Serving, clients: int, rate: int, seconds: float) -> dict[str, Any]:
    """Publish at a steady rate to clients that listen."""
    total = round(rate * seconds)
    ours, theirs = multiprocessing.Pipe()
    tokens = served.tokens("bench", clients)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=run, args=(served.url, tokens, total, theirs))
    process.start()
    subscribed = ours.recv()
    if subscribed != clients:
        process.terminate()
        raise SystemExit(f"only {subscribed} of {clients} clients could subscribe")
    pid = served.yoto.process.pid
    began, used = time.monotonic(), processor_seconds(pid)
    for number in range(total):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        served.stream.publish(StoreLost(store=str(number), cause=str(time.time())))
    times, complete = ours.recv()
    took, used = time.monotonic() - began, processor_seconds(pid) - used
    process.join()
    cuts = quantiles(times, n=1000)
    return {
        "clients": clients,
        "events": total,
        "events_per_second": rate,
        "deliveries": len(times),
        "clients_with_every_event_once_in_order": complete,
        "p50_ms": round(median(times) * 1000, 2),
        "p95_ms": round(cuts[949] * 1000, 2),
        "p99_ms": round(cuts[989] * 1000, 2),
        "max_ms": round(max(times) * 1000, 2),
        "worker_cpu_cores": round(used / took, 3),
        "worker_memory_mb": round(_memory(pid) / 1e6, 1),
    }


def pour(served: Serving, roster: Roster) -> dict[str, Any]:
    """Have a client stop reading while events pour in."""
    pid = served.yoto.process.pid
    (token,) = served.tokens("deaf", 1)

    def sockets() -> int:
        return sum(one.facts["sockets"] for one in roster.all() if one.state == "live")

    wait_until(lambda: sockets() == 0, 30, "the end of the others")
    deaf = LeanSocket(served.url, token, ["events"], lambda *_: None)
    if not listen([deaf], lambda: deaf.subscribed, 30):
        raise SystemExit("the client that is to stop reading could not subscribe")
    wait_until(lambda: sockets() == 1, 30, "its connection")
    before, highest = _memory(pid), 0
    for number in range(POURED):
        served.stream.publish(StoreLost(store=str(number), cause="x" * TEXT))
        if number % 10 == 0:
            highest = max(highest, _memory(pid))
    wait_until(lambda: sockets() == 0, 30, "its end")
    found = {
        "poured_mb": round(POURED * TEXT / 1e6, 1),
        "worker_grew_mb": round((max(highest, _memory(pid)) - before) / 1e6, 1),
        "cut_off": listen([deaf], lambda: deaf.closed, 30),
    }
    deaf.close()
    return found


def _memory(pid: int) -> int:
    """Bytes that a process has in memory."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure, print a table, and write JSON if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=int, default=50, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--mode", default="eventlet", help="ASYNC_MODE of the worker")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_valkey() as redis,
        serving(
            Path(folder),
            redis,
            YOTO_ASYNC_MODE=options.mode,
            YOTO_SOCKETS_PER_ADDRESS=str(options.clients + 1),
        ) as served,
    ):
        connection = RedisConnection(RedisSettings(url=redis.url, socket_timeout=2.0))
        found = {"mode": options.mode}
        found |= measure(served, options.clients, options.rate, options.seconds)
        found |= pour(served, Roster(connection))
        connection.close()
    for name, value in found.items():
        print(f"{name:<40} {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    wrong = failures(found)
    if wrong:
        raise SystemExit("; ".join(wrong))


def failures(found: dict[str, Any]) -> list[str]:
    """The figures that miss their targets, in words."""
    clients, complete = found["clients"], found["clients_with_every_event_once_in_order"]
    wrong = []
    if complete != clients or found["deliveries"] != clients * found["events"]:
        wrong.append(f"only {complete} of {clients} clients heard every event once and in order")
    if found["worker_grew_mb"] > MOST_GROWN_MB:
        wrong.append(f"the worker grew by more than {MOST_GROWN_MB} MB")
    if not found["cut_off"]:
        wrong.append("the client that does not read was not cut off")
    return wrong
