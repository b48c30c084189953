"""The command line: starts the servers, lets the rows take turns, prints the tables."""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.http import servers
from benchmarks.http.contest import Contestant, run
from benchmarks.http.figures import Figures, figures, table
from benchmarks.http.load import has_wrk
from benchmarks.http.rows import ROWS, Asked, Row
from tests.support.redis_servers import start_valkey

MODES, DATABASES = ("eventlet", "threading"), ("sqlite", "mariadb")
NAMES = [row.name for row in ROWS]
QUICK_NAMES = [row.name for row in ROWS if row.asked in (Asked.BARE, Asked.OURS)]
NO_WRK = (
    "wrk is not installed (Debian: apt-get install wrk): a client in Python asks instead, which"
    " reaches less, so that the bare view and the ratios to it look worse than they are"
)


def main() -> None:
    """Print the figures; write them as JSON when asked to."""
    options = parse()
    logging.disable(logging.WARNING)
    if not has_wrk():
        print(NO_WRK, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="yoto-http-") as name:
        if options.profile is not None:
            profile(Path(name), options)
            return
        print("of bare, of peers: on the same server, in the same round\n")
        found: dict[str, dict[str, Figures]] = {}
        for mode in options.mode:
            folder = Path(name, mode)
            folder.mkdir()
            found |= measured(folder, mode, options)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def parse() -> argparse.Namespace:
    """The options; those that name several are lists."""
    parser = argparse.ArgumentParser(description="What a whole request costs.")
    parser.add_argument("--mode", choices=(*MODES, "all"), help="default: eventlet")
    parser.add_argument("--database", choices=(*DATABASES, "all"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each row once in each")
    parser.add_argument("--seconds", type=int, default=3, help="of a row in a round")
    parser.add_argument("--rows", help=f"some of {','.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="one round of 2 s, no peers, no p99")
    parser.add_argument(
        "--log-sample", type=float, default=1.0, help="share of requests of which ours logs a line"
    )
    parser.add_argument(
        "--profile",
        choices=[row.name for row in ROWS if row.asked is Asked.OURS],
        metavar="ROW",
        help="where the time of a row of ours goes, in process (in threads unless --mode says)",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 2
    options.mode = options.mode or ("threading" if options.profile else "eventlet")
    options.mode = MODES if options.mode == "all" else (options.mode,)
    options.database = DATABASES if options.database == "all" else (options.database,)
    names = options.rows.split(",") if options.rows else QUICK_NAMES if options.quick else NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    options.rows = [row for row in ROWS if row.name in names]
    return options


@contextmanager
def all_stores(folder: Path, names: Sequence[str]) -> Iterator[list[servers.Stores]]:
    """The stores of each kind of database that is installed."""
    with ExitStack() as stack:
        found = []
        for name in names:
            made = stack.enter_context(servers.stores(folder, name))
            if made is None:
                print(f"{name} is not installed, so nothing is measured on it", file=sys.stderr)
            else:
                found.append(made)
        yield found


def measured(folder: Path, mode: str, options: argparse.Namespace) -> dict[str, dict[str, Figures]]:
    """All rows of one async mode, for each database; those without one are the same in each."""
    rows: list[Row] = options.rows
    with all_stores(folder, options.database) as stores, ExitStack() as stack:
        contestants: list[Contestant] = []
        redis = stack.enter_context(start_valkey())
        for asked in dict.fromkeys(row.asked for row in rows if row.asked is not Asked.OURS):
            process = stack.enter_context(servers.peer(folder, asked, mode, redis.url))
            contestants += [Contestant(row, process) for row in rows if row.asked is asked]
        for one in stores:
            process = stack.enter_context(servers.ours(folder, mode, one, options.log_sample))
            contestants += [
                Contestant(row, process, one.name) for row in rows if row.asked is Asked.OURS
            ]
        run(contestants, options.rounds, options.seconds, options.quick)
    found = {}
    for one in stores:
        lines = {
            contestant.row.name: contestant.measured
            for contestant in contestants
            if contestant.database in (None, one.name)
        }
        title = f"{mode}, {one.name}"
        found[title] = figures(lines)
        print(table(title, found[title]), end="\n\n", flush=True)
    return found


def profile(folder: Path, options: argparse.Namespace) -> None:
    """Let a worker print where the time of one row goes."""
    row = next(row for row in ROWS if row.name == options.profile)
    with all_stores(folder, options.database[:1]) as stores:
        for one in stores:
            command = [sys.executable, "-m", "benchmarks.http.worker", "--port", "0"]
            command += ["--profile", row.path]
            if row.signed_in:
                command += ["--token", one.token]
            variables = servers.environment(folder, options.mode[0], one, options.log_sample)
            log = folder / "profile.log"
            with open(log, "w") as errors:
                ended = subprocess.run(command, env=variables, cwd=servers.ROOT, stderr=errors)
            failed = [line for line in log.read_text().splitlines() if '"critical"' in line]
            # A reader of the first lines only may close the pipe.
            if ended.returncode or (failed and "BrokenPipeError" not in failed[-1]):
                sys.exit("\n".join(failed or log.read_text().splitlines()[-20:]))
