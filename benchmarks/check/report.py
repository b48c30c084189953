"""Runs the contest for each number of grants and prints the table."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from benchmarks.check import depth
from benchmarks.check.contest import application, run
from benchmarks.check.hot_path import BEFORE, hot_paths
from tests.support.redis_servers import start_valkey

SIZES = (10, 1_000, 100_000)
MOST_LOOKUPS, LEAST_FASTER, MOST_EMPTY, LEAST_BATCH = 20.0, 50.0, 1.3, 2_000_000
MOST_FOR_DEPTH = 1.2  # times what the same takes at the smaller depth


def main() -> None:
    """Print the figures; write them as JSON when asked to."""
    parser = argparse.ArgumentParser(description="What a check costs.")
    parser.add_argument("--grants", type=int, nargs="+", default=SIZES, help="stored meanwhile")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    figures = {}
    for grants in options.grants:
        with start_valkey() as server, application(server) as app:
            figures[f"{grants:,} grants"] = run(server, grants)
            paths = hot_paths(app)
    with start_valkey() as server, application(server) as app:
        depths = depth.run(app)
    print(f"{'median microseconds a call':30}" + "".join(f"{size:>18}" for size in figures))
    for name in next(iter(figures.values())):
        print(f"{name:30}" + "".join(f"{numbers[name]:18,.3f}" for numbers in figures.values()))
    print(
        f"targets: memory at most {MOST_LOOKUPS:g} look-ups and {LEAST_FASTER:g} times faster than "
        f"FastEnforcer; Redis at most {MOST_EMPTY} empty evalsha; batch {LEAST_BATCH:,} a second"
    )
    print(
        f"\n{'median microseconds of the processor':37}{'depth 2':>12}{'depth 8':>12}{'times':>8}"
    )
    for name, one in depths.items():
        print(f"{name:37}{one.shallow:12,.3f}{one.deep:12,.3f}{one.times:8.2f}")
    print(f"target: depth {depth.DEEP} at most {MOST_FOR_DEPTH} times depth {depth.SHALLOW}\n")
    for name, path in paths.items():
        print(f"the way of {name} from memory: {path}; at 874e8aa: {BEFORE[name]}")
    if options.json is not None:
        ways = {name: path.to_mapping() for name, path in paths.items()}
        by_depth = {name: one._asdict() for name, one in depths.items()}
        found = figures | {"depth": by_depth, "hot path": ways}
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    if max(one.times for one in depths.values()) > MOST_FOR_DEPTH:
        sys.exit("depth costs more than it may")
