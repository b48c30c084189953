"""``python -m proof.planted [NAME ...]``: whether the checkers catch each planted bug.

Each bug is planted for each checker that has to catch it; ``without`` are the same checkers on the
code as it is, which find nothing. The exit status is 1 when one is missed, or when a checker finds
something without a bug.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from proof.planted import campaign
from proof.planted.bugs import PLANTED
from proof.simulation.runner import run, search, simulated

FOLDER = Path(__file__).parents[2] / "build" / "planted"
# Worker-hours of a search; as many without a bug.
HOURS, HOURS_WITHOUT = 8.0, 0.1
SHOWN = 150  # characters of what a checker found


def main(arguments: list[str]) -> int:
    """1 when a bug was missed, or was found where there is none."""
    asked = _parser().parse_args(arguments)
    names = asked.names or list(PLANTED)
    if asked.list:
        for name in names:
            print(f"{name}: {PLANTED[name].about}")
        return 0
    print(f"load of the machine at the beginning: {os.getloadavg()[0]:.1f}", flush=True)
    report = Report()
    for number in range(asked.rounds):
        if asked.checker != "campaign":
            simulated_ones = [name for name in names if PLANTED[name].protocol]
            _simulate(report, simulated_ones, asked.seed + 1000 * number)
        if asked.checker != "simulation":
            _try(report, names, asked.together)
    print(f"load at the end: {os.getloadavg()[0]:.1f}")
    print("\n".join(["Failed:", *report.failed]) if report.failed else "All were caught.")
    return 1 if report.failed else 0


class Report:
    """Lines on bugs that were caught and those that were not.

    Attributes:
        failed: results that should be otherwise.
    """

    def __init__(self) -> None:
        self.failed: list[str] = []

    def tell(self, checker: str, name: str, began: float, found: list[str], bug: bool) -> None:
        """Print what a checker found since ``began``, with a bug or without."""
        word = ("caught" if found else "MISSED") if bug else ("FOUND" if found else "nothing")
        seconds = f"{time.monotonic() - began:6.0f} s"
        shown = found[0].replace("\n", " ")[:SHOWN] if found else ""
        print(f"{checker:10}  {word:7}  {seconds}  {name}  {shown}", flush=True)
        if bool(found) is not bug:
            self.failed.append(f"{checker}: {name}: {word}")


def _simulate(report: Report, names: list[str], seed: int) -> None:
    for name in names:
        began = time.monotonic()
        report.tell("simulation", name, began, _searched(name, seed), bug=True)
    for protocol in sorted({PLANTED[name].protocol for name in names}):
        began = time.monotonic()
        found = _found_without(protocol, seed)
        report.tell("simulation", f"{protocol}, without", began, found, bug=False)


def _try(report: Report, names: list[str], together: bool) -> None:
    trials_of = {name: trial for name in names if (trial := PLANTED[name].trial)}
    if not trials_of:
        return
    others = [name for name, trial in trials_of.items() if together and not trial.alone]
    groups = [[name] for name in trials_of if name not in others] + ([others] if others else [])
    folder = FOLDER / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with campaign.trials(folder, lambda line: print(f"  {line}", flush=True)) as trials:
        began = time.monotonic()
        found = trials.of_none(list(trials_of.values()))
        report.tell("campaign", "without", began, found, bug=False)
        for group in groups:
            began = time.monotonic()
            for name, violations in trials.of(group).items():
                report.tell("campaign", name, began, violations, bug=True)


def _searched(name: str, seed: int) -> list[str]:
    """The violation of a search; none where the same run breaks a promise without the bug, too."""
    found = search(PLANTED[name].protocol, seed, HOURS, name).found
    if found is None or found.violation is None:
        return []
    with simulated():
        without = run(found.case).violation
    return [] if without else [found.violation]


def _found_without(protocol: str, seed: int) -> list[str]:
    found = search(protocol, seed, HOURS_WITHOUT).found
    return [] if found is None or found.violation is None else [found.violation]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.planted", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PLANTED, []], metavar="NAME")
    parser.add_argument("--list", action="store_true", help="the names, and what is wrong then")
    parser.add_argument("--checker", choices=("campaign", "simulation", "all"), default="all")
    parser.add_argument(
        "--together",
        action="store_true",
        help="on the topology, plant at once what different models find",
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often all are tried")
    parser.add_argument("--seed", type=int, default=1, help="of the first round's searches")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
