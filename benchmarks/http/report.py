"""The command line: starts the servers, lets the rows take turns, prints the table."""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.http import servers
from benchmarks.http.figures import Round, figures, table
from benchmarks.http.load import run_wrk, wrk_path
from benchmarks.http.rows import LEASED, ROWS, Asked, Row
from benchmarks.http.views import knows_leases
from tests.support.redis_servers import start_valkey

QUICK_ROWS = "bare,empty,permission,strict,leased,messages"
WARM_UP_SECONDS = 1


def main() -> None:
    """Print the figures; write them as JSON when asked to."""
    options = parse()
    logging.disable(logging.WARNING)
    chosen = [row for row in ROWS if row.name in options.rows.split(",")]
    if not knows_leases():
        chosen = [row for row in chosen if row is not LEASED]
    with tempfile.TemporaryDirectory(prefix="yoto-http-") as name, start_valkey() as redis:
        folder = Path(name)
        url = f"sqlite:///{folder}/bench.db"
        token = servers.community(folder, url, redis.url)
        if options.profile is not None:
            profile(folder, options, url, redis.url, token)
            return
        found = {}
        for mode in modes_of(options.mode):
            title = f"{mode}, sqlite"
            found[title] = measured(folder, mode, url, redis.url, token, chosen, options)
            print(table(title, found[title]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="What a whole request costs.")
    parser.add_argument("--mode", choices=("eventlet", "threading", "all"), default="eventlet")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each row once in each")
    parser.add_argument("--seconds", type=int, default=3, help="of a row in a round")
    parser.add_argument("--rows", help=f"some of {','.join(row.name for row in ROWS)}")
    parser.add_argument(
        "--log-sample", type=float, default=1.0, help="share of requests that ours logs"
    )
    parser.add_argument("--quick", action="store_true", help="one round of 2 s, without peers")
    parser.add_argument(
        "--profile",
        choices=[row.name for row in ROWS if row.asked is Asked.OURS],
        metavar="ROW",
        help="where the time of a row of ours goes, in process (in threading unless --mode says)",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 2
    if options.rows is None:
        options.rows = QUICK_ROWS if options.quick else ",".join(row.name for row in ROWS)
    return options


def modes_of(chosen: str) -> list[str]:
    """The async modes that an option names."""
    return ["eventlet", "threading"] if chosen == "all" else [chosen]


def profile(
    folder: Path, options: argparse.Namespace, url: str, redis_url: str, token: str
) -> None:
    """Let a worker print where the time of one row goes."""
    row = next(row for row in ROWS if row.name == options.profile)
    mode = "eventlet" if "--mode" in sys.argv and options.mode == "eventlet" else "threading"
    command = [sys.executable, "-m", "benchmarks.http.worker", "--port", "0", "--profile", row.path]
    if row.signed_in:
        command += ["--token", token]
    with open(folder / "profile.log", "w") as log:
        code = subprocess.run(
            command,
            env=servers.environment(folder, mode, url, redis_url, options.log_sample),
            cwd=servers.ROOT,
            stderr=log,
        ).returncode
    if code:
        sys.exit((folder / "profile.log").read_text()[-4000:])


def measured(
    folder: Path,
    mode: str,
    url: str,
    redis_url: str,
    token: str,
    chosen: list[Row],
    options: argparse.Namespace,
) -> dict[str, dict[str, float | None]]:
    """All rounds of one async mode."""
    wrk = wrk_path()
    if wrk is None:
        sys.exit("http: wrk is not installed (Debian: apt-get install wrk); nothing was measured")
    with ExitStack() as stack:
        running: dict[Asked, servers.Process] = {}
        for asked in dict.fromkeys(row.asked for row in chosen):
            running[asked] = stack.enter_context(
                servers.ours(
                    folder,
                    mode,
                    servers.environment(folder, mode, url, redis_url, options.log_sample),
                    token,
                )
                if asked is Asked.OURS
                else servers.peer(folder, asked, mode, redis_url)
            )
        for row in chosen:
            take(wrk, row, running[row.asked], WARM_UP_SECONDS)
        rounds: dict[str, list[Round]] = {row.name: [] for row in chosen}
        for _ in range(options.rounds):
            for row in chosen:
                rounds[row.name].append(take(wrk, row, running[row.asked], options.seconds))
    return figures(rounds)


def take(wrk: str, row: Row, process: servers.Process, seconds: int) -> Round:
    """One row's turn."""
    before = process.processor_seconds()
    load = run_wrk(wrk, process.port, row.path, process.token if row.signed_in else None, seconds)
    after = process.processor_seconds()
    used = None if before is None or after is None else (after - before) / load.requests * 1e6
    return Round(load.rate, used)
