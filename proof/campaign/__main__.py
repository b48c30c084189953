"""``python -m proof.campaign``: break the topology under load, and see what it promises."""

from __future__ import annotations

import argparse
import math
import secrets
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from proof.campaign import schedule
from proof.campaign.faults import FAULTS, possible
from proof.campaign.runner import SCHEDULE, Campaign
from proof.campaign.table import markdown
from proof.cluster import KINDS, MARIADB
from proof.planted.switch import plant_what_is_asked

MINUTES = 20.0
ROOT = Path(__file__).parents[2]
RUNS = ROOT / "build" / "chaos"
REPORT, SEED = "report.md", "seed"


def main(arguments: list[str] | None = None) -> int:
    """Run one campaign; 1 where a promise did not hold, or nothing showed that it was tried."""
    asked = _parser().parse_args(arguments)
    if planted := plant_what_is_asked():
        print(f"planted: {planted}", flush=True)
    prometheus = shutil.which("prometheus") is not None
    kinds = [name for name in asked.only or FAULTS if possible(name)]
    left_out = [name for name in asked.only or FAULTS if not possible(name)]
    if left_out:
        print(f"left out, since what they need is not installed: {', '.join(left_out)}", flush=True)
    if asked.replay is not None:
        seed = int((asked.replay / SEED).read_text(encoding="ascii"))
        rounds = schedule.load(asked.replay / SCHEDULE)
        kinds = sorted({one.fault for round_ in rounds for one in round_.faults})
    else:
        seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
        rounds = (
            schedule.one_of_each(seed, kinds)
            if asked.only
            else schedule.plan(seed, asked.minutes * 60, kinds)
        )
    folder = RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{seed}"
    folder.mkdir(parents=True)
    (folder / SEED).write_text(str(seed), encoding="ascii")
    print(f"seed {seed}, {len(rounds)} rounds, into {folder}", flush=True)
    result = Campaign(folder, seed, kinds, say=_say, database=asked.database).run(
        rounds, prometheus, math.inf if asked.only or asked.replay else asked.minutes * 60
    )
    result.left_out = left_out
    report = markdown(result, _revision())
    (folder / REPORT).write_text(report, encoding="utf-8")
    print(report)
    return 1 if result.failures else 0


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run; else one by chance")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long things are broken")
    parser.add_argument(
        "--only", action="append", choices=sorted(FAULTS), metavar="FAULT", help="this one, once"
    )
    parser.add_argument("--replay", type=Path, metavar="FOLDER", help="an earlier run's schedule")
    parser.add_argument("--database", choices=KINDS, default=MARIADB, help="its kind")
    return parser


def _revision() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
