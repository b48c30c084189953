"""The tables."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.forecast import generated, recorded
from benchmarks.forecast.backtest import Outcome
from yoto.rooms.forecast.metric import LEADS


def main() -> None:
    """Print the tables, or make a recording."""
    parser = argparse.ArgumentParser(description="Forecasts against the naive one.")
    parser.add_argument("--record", type=Path, help="run the platform and record it here")
    parser.add_argument("--seconds", type=int, default=720, help="how long to record")
    parser.add_argument(
        "--recorded", type=Path, default=recorded.RUN, help="the recording to show; default ours"
    )
    parser.add_argument("--json", type=Path, help="also write the outcomes here")
    options = parser.parse_args()
    if options.record:
        from benchmarks.forecast.recorder import record

        record(options.record, options.seconds)
        return
    made = [generated.run(name) for name in generated.SERIES]
    run = recorded.load(options.recorded)
    measured = [recorded.run(run, name) for name in run.series]
    print(f"error over the naive one's, up to {LEADS} minutes ahead")
    _table(f"generated, {generated.MINUTES} minutes", made)
    print()
    _table(f"recorded, {run.seconds} s", measured)
    for one in run.planted:
        print(f"planted at {one.at}: {one.what}, in {', '.join(one.metrics)}")
    if options.json:
        outcomes = {"generated": made, "recorded": measured}
        plain = {kind: [asdict(one) for one in found] for kind, found in outcomes.items()}
        options.json.write_text(json.dumps(plain, indent=2))


def _table(title: str, outcomes: list[Outcome]) -> None:
    heads = ("error", "offered", "in 90 %", "found", "false", "drifts")
    print(f"{title:28}" + "".join(f"{head:>9}" for head in heads))
    for one in outcomes:
        error = "silent" if one.ratio is None else f"{one.ratio:.2f}"
        covered = "" if one.covered is None else f"{one.covered:.2f}"
        found = f"{one.found}/{one.planted}"
        print(
            f"{one.series:28}{error:>9}{one.offered:>9.2f}{covered:>9}{found:>9}"
            f"{one.false_alarms:>9}{one.drifts:>9}"
        )
