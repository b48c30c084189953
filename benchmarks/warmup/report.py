"""Runs a worker in each situation, and prints the effect on users."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.warmup import town, trace
from benchmarks.warmup.worker import FIRST_SECONDS
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server, start_valkey

ROOT = Path(__file__).parents[2]
# Requests of the day before, from which the counts are made.
BEFORE = 30_000
STARTS = 3
CACHED, HOT = b"yoto:perm:", b"yoto:{hot}:"


class Kept(NamedTuple):
    """A key of Redis with its value as DUMP gives it, and its time to live in ms."""

    key: bytes
    value: bytes
    ttl: int


# The prefixes of keys that Redis still has when the worker starts; the log always.
SITUATIONS = {
    "redis as it was": (CACHED, HOT),
    "cached entries lost": (HOT,),
    "hot counts lost too": (),
}


def snapshot(server: Server) -> list[Kept]:
    """The cached entries and the hot counts."""
    with server.client() as client:
        keys = [key for key in client.scan_iter() if key.startswith((CACHED, HOT))]
        return [Kept(key, client.dump(key), client.pttl(key)) for key in keys]


def restore(server: Server, kept: list[Kept], prefixes: tuple[bytes, ...]) -> None:
    """Restore the entries and counts under ``prefixes``; the others are gone."""
    with server.client() as client:
        for key in client.scan_iter():
            if key.startswith((CACHED, HOT)):
                client.delete(key)
        for one in kept:
            if one.key.startswith(prefixes):
                client.restore(one.key, one.ttl, one.value)


class Bench:
    """The database, the trace, and the Redis of all workers."""

    def __init__(self, folder: Path, server: Server, file: Path, rate: float, seconds: float):
        self._folder = folder
        self._server = server
        self._file = file
        self.config = {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": f"sqlite:///{folder}/town.db",
            "REDIS_URL": server.url,
        }
        built = town.build(self.config, folder / "setup")
        if not file.exists():
            trace.record(file, built, BEFORE + int(rate * seconds), rate)
        self._follower = self._start(part="follow")
        assert self._follower.stdout is not None
        assert self._follower.stdout.readline() == "True\n", "a worker does not hear the log"
        self._worker(part="play", first=0, last=BEFORE)
        self._kept = snapshot(server)

    def close(self) -> None:
        """End the worker that runs all the time."""
        self._follower.communicate()

    def situation(self, prefixes: tuple[bytes, ...], warm: bool) -> dict[str, Any]:
        """A worker with an empty memory, and the entries of Redis under ``prefixes``."""
        restore(self._server, self._kept, prefixes)
        return self._worker(part="replay", first=BEFORE, last=None, warm=warm)

    def start_up(self, warm: bool) -> float:
        """Seconds until ``run.py`` listens."""
        restore(self._server, self._kept, (CACHED, HOT))
        began = time.monotonic()
        app = RunningYoto(
            self._folder / "run",
            YOTO_DATABASE_URL=str(self.config["DATABASE_URL"]),
            YOTO_REDIS_URL=self._server.url,
            YOTO_SEED_DEMO="false",
            YOTO_WARM_UP_AT_START=str(warm).lower(),
        )
        assert app.url
        took = time.monotonic() - began
        app.stop()
        return took

    def _worker(self, **options: Any) -> dict[str, Any]:
        """The findings of a worker that does its part and ends."""
        process = self._start(**options)
        output, _ = process.communicate()
        assert process.returncode == 0, "a worker failed"
        found: dict[str, Any] = json.loads(output)
        return found

    def _start(self, part: str, warm: bool = False, **options: Any) -> subprocess.Popen[str]:
        options |= {
            "part": part,
            "config": self.config | {"WARM_UP_AT_START": warm},
            "instance": str(self._folder / part),
            "trace": str(self._file),
        }
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.warmup.worker"]
            + [json.dumps(options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


def main() -> None:
    """Print the figures; write them as JSON when asked to."""
    parser = argparse.ArgumentParser(description="A restart with a warm-up and without.")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the trace that count")
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second")
    parser.add_argument("--trace", type=Path, help="replay this file; it is made if not there")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="yoto-warmup-") as name, start_valkey() as server:
        folder = Path(name)
        file = options.trace or folder / "trace.txt"
        bench = Bench(folder, server, file, options.rate, options.seconds)
        for situation, prefixes in SITUATIONS.items():
            for warm in (False, True):
                label = f"{situation}, {'warm-up' if warm else 'none'}"
                figures[label] = bench.situation(prefixes, warm)
        starts: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(STARTS):
            for warm, some in starts.items():
                some.append(bench.start_up(warm))
        bench.close()
    _print(figures, first=options.seconds > FIRST_SECONDS)
    medians = {warm: statistics.median(some) for warm, some in starts.items()}
    print(f"start-up: {medians[False]:.2f} s without a warm-up, {medians[True]:.2f} s with one")
    if options.json is not None:
        found = {"situations": figures, "start_up": {str(warm): starts[warm] for warm in starts}}
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def _print(figures: dict[str, Any], first: bool) -> None:
    """``first``: whether the first part of the trace is not all of it."""
    columns = [("all", "l1 %"), ("all", "l2 %"), ("all", "db %"), ("all", "p50 ms")]
    columns.append(("all", "p99 ms"))
    if first:
        columns += [("first", "l1 %"), ("first", "db %"), ("first", "p99 ms")]
    print(f"{'':31}" + "".join(f"{_heading(*column):>12}" for column in columns) + "  preloaded")
    for label, found in figures.items():
        numbers = "".join(f"{found[part][column]:12,.2f}" for part, column in columns)
        details = found["warm_up"].get("details")
        told = ""
        if details is not None:
            told = "{l2} redis, {db} db, {seconds:.1f} s".format(**details)
        print(f"{label:31}{numbers}  {told}")


def _heading(part: str, column: str) -> str:
    return column if part == "all" else f"{FIRST_SECONDS:.0f}s {column}"
