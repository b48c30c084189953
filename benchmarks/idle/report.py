"""``python -m benchmarks idle``: starts real servers, leaves them alone, and prints their work.

A worker that serves nobody still follows its logs, shows that it lives, and takes over work that
others left behind. The table gives that cost, a worker and a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.idle.counting import Commands, OfServer, OfWorker, Statements
from benchmarks.idle.processes import Process, children, command_of, look_at
from tests.support.mariadb import start_mariadb
from tests.support.process import ADDRESS, ROOT, RunningYoto
from tests.support.redis_servers import start_valkey

DATABASES = ("sqlite", "mariadb")
MODES = ("eventlet", "threading")
WORKERS = (1, 4)
# s: until a worker has warmed up, and for how long it is watched.
SETTLE, SECONDS = 15.0, 20.0
SHOWN = 25
# s; where every processor is busy, four workers take their time.
START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Idle:
    """The work of one worker of an idle server.

    Attributes:
        core_percent: processor time of all workers over that of one core, a worker.
        commands: commands to Redis, a worker and a second.
        statements: SQL statements, a worker and a second; None: not counted.
        threads, rss_mb, pss_mb: those of the worker with the most.
        others: the processes beside the workers, with their resident MB.
        asked: commands a worker and a second, by command and key.
        stated: statements a worker and a second, where the database counts.
    """

    mode: str
    database: str
    workers: int
    core_percent: float
    commands: float
    statements: float | None
    threads: int
    rss_mb: float
    pss_mb: float
    others: dict[str, float]
    asked: dict[str, float]
    stated: dict[str, float]


@contextmanager
def _database(kind: str) -> Iterator[tuple[dict[str, str], OfServer | None]]:
    if kind == "sqlite":
        yield {}, None
        return
    server = start_mariadb()
    if server is None:
        raise SystemExit("MariaDB is not installed")
    with server:
        yield {"YOTO_DATABASE_URL": server.create_database("yoto")}, OfServer(server.port)


def measure(mode: str, database: str, workers: int, settle: float, seconds: float) -> Idle:
    """Start a server, leave it alone for ``settle`` seconds, and watch it for ``seconds``."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="yoto-idle-"))
        valkey = stack.enter_context(start_valkey())
        variables, statements = stack.enter_context(_database(database))
        instance = Path(folder) / "instance"
        variables |= {
            "YOTO_REDIS_URL": valkey.url,
            "YOTO_ASYNC_MODE": mode,
            "YOTO_SEED_DEMO": "0",
        }
        # A worker that migrates keeps the memory for it; most start where it is done.
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", "setup"],
            env=os.environ | variables | {"YOTO_INSTANCE_PATH": str(instance)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        yoto = RunningYoto(instance, "--workers", str(workers), new=False, **variables)
        stack.callback(yoto.stop)
        yoto.wait_for(lambda: ADDRESS.search(yoto.output) is not None, START_SECONDS)
        url = yoto.url
        time.sleep(settle)
        counted: Statements = statements or OfWorker(url, workers)
        pids = _workers(yoto.process.pid, workers)
        asked_before, before = counted(), [look_at(pid) for pid in pids]
        with Commands(valkey.url) as commands:
            if statements is not None:
                statements.hear()
            began = time.monotonic()
            time.sleep(seconds)
            asked_after = counted()  # the queries below that read the statements would count
            stated = Counter() if statements is None else statements.heard()
            took = time.monotonic() - began
            heard = Counter(commands.seen)
        after = [look_at(pid) for pid in pids]
        others = [pid for pid in children(yoto.process.pid) if pid not in pids]
        beside = {_name(pid): round(look_at(pid).rss_mb, 1) for pid in others}
    each = workers * took
    asked = None
    if asked_before is not None and asked_after is not None:
        asked = round((asked_after - asked_before) / each, 2)

    def shares(counts: Counter[str]) -> dict[str, float]:
        return {name: round(count / each, 2) for name, count in counts.most_common()}

    return Idle(
        mode,
        database,
        workers,
        round(100 * sum(map(_used, before, after)) / each, 2),
        round(heard.total() / each, 1),
        asked,
        max(one.threads for one in after),
        round(max(one.rss_mb for one in after), 1),
        round(max(one.pss_mb for one in after), 1),
        beside,
        shares(heard),
        shares(stated),
    )


def _workers(pid: int, count: int) -> list[int]:
    if count == 1:
        return [pid]
    return [one for one in children(pid) if "--lifeline" in command_of(one)]


def _name(pid: int) -> str:
    return f"{command_of(pid)[-60:].strip()} ({pid})"


def _used(before: Process, after: Process) -> float:
    return after.processor_s - before.processor_s


def show(found: Sequence[Idle], detailed: bool) -> None:
    """Print the table, and the commands if wanted."""
    print(
        "| mode | database | workers | core, % | commands/s | statements/s | threads | RSS, MB |",
        end="",
    )
    print(" PSS, MB | beside it, MB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for one in found:
        statements = "" if one.statements is None else f"{one.statements:g}"
        beside = ", ".join(f"{mb:g}" for mb in one.others.values()) or "nothing"
        print(
            f"| {one.mode} | {one.database} | {one.workers} | {one.core_percent:g} |"
            f" {one.commands:g} | {statements} | {one.threads} | {one.rss_mb:g} | {one.pss_mb:g} |"
            f" {beside} |"
        )
    if detailed:
        for one in found:
            print(f"\n{one.mode}, {one.database}, {one.workers}: a worker and a second")
            for counts in (one.asked, one.stated):
                for name, count in list(counts.items())[:SHOWN]:
                    print(f"  {count:8.2f}  {name}")
            for name, mb in one.others.items():
                print(f"  {mb:8.1f} MB  {name}")


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--database", action="append", choices=DATABASES)
    parser.add_argument("--workers", action="append", type=int)
    parser.add_argument("--settle", type=float, default=SETTLE, help="s before it is watched")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="s for which it is watched")
    parser.add_argument("--who", action="store_true", help="show what is asked how often")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = [
        measure(mode, database, workers, options.settle, options.seconds)
        for mode in options.mode or MODES
        for database in options.database or DATABASES
        for workers in options.workers or WORKERS
    ]
    show(found, options.who)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=2))
