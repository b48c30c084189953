"""``python -m proof.simulation``: search, plant bugs, replay.

- ``[--protocol P] [--hours H] [--seed N]``: search our code for H worker-hours of each protocol;
  what is found is shrunken and written to ``build/simulation``.
- ``bugs [NAME ...]``: search for the planted bugs, and shrink what is found.
- ``replay FILE``: run a case once more.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from proof.planted.switch import plant_what_is_asked
from proof.simulation.bugs import BUG_HOURS, BUGS
from proof.simulation.case import Case
from proof.simulation.protocols import PROTOCOLS
from proof.simulation.runner import Totals, run, search, simulated
from proof.simulation.shrink import shrunken

FOLDER = Path("build/simulation")


def main(arguments: list[str]) -> int:
    """The exit status: 1 when a promise was broken, or a planted bug was not found."""
    parser = argparse.ArgumentParser(prog="python -m proof.simulation", description=__doc__)
    parser.add_argument("act", nargs="?", choices=("search", "bugs", "replay"), default="search")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--protocol", choices=PROTOCOLS)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if planted := plant_what_is_asked():
        print(f"planted: {planted}")
    match options.act:
        case "bugs":
            return _bugs(options.names or list(BUGS), options.seed)
        case "replay":
            return _replay(Path(options.names[0]))
    return _search([options.protocol] if options.protocol else list(PROTOCOLS), options)


def _search(protocols: list[str], options: argparse.Namespace) -> int:
    found = 0
    print(f"seed {options.seed}\n{'protocol':10}{_HEAD}")
    for name in protocols:
        totals = search(name, options.seed, options.hours)
        print(f"{name:10}{_row(totals)}", flush=True)
        if totals.found is None:
            continue
        found += 1
        with simulated():
            small = shrunken(totals.found)
        path = FOLDER / f"{name}-{options.seed}.json"
        FOLDER.mkdir(parents=True, exist_ok=True)
        small.case.save(path)
        print(f"  {small.violation}\n  {len(small.case.plan)} items: {path}")
    return 1 if found else 0


_HEAD = "schedules   worker-hours   processor s   hours/hour   steps   violations"


def _row(totals: Totals) -> str:
    hours = totals.worker_seconds / 3600
    ratio = totals.worker_seconds / max(totals.processor, 1e-9)
    return (
        f"{totals.schedules:9}   {hours:12.2f}   {totals.processor:11.1f}   {ratio:10.0f}"
        f"   {totals.points:5}   {int(totals.found is not None):10}"
    )


def _bugs(names: list[str], seed: int) -> int:
    missed = 0
    print("protocol  steps until found  length  shrunken  bug")
    for name in names:
        bug = BUGS[name]
        totals = search(bug.protocol, seed, BUG_HOURS, name)
        if totals.found is None:
            missed += 1
            print(f"{bug.protocol:8}  {'not found':>17}  {'':6}  {'':8}  {name}", flush=True)
            continue
        with simulated(name):
            small = shrunken(totals.found)
        lengths = f"{len(totals.found.case.plan):6}  {len(small.case.plan):8}"
        print(f"{bug.protocol:8}  {totals.points:17}  {lengths}  {name}", flush=True)
    return 1 if missed else 0


def _replay(path: Path) -> int:
    case = Case.load(path)
    with simulated(case.bug):
        outcome = run(case)
    print(f"{outcome.violation or 'no promise is broken'}\ntrace {outcome.trace}")
    return 1 if outcome.violation else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
