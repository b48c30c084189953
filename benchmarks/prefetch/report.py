"""Replays the traces and prints what prefetching gained and cost."""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.prefetch.replay import PLACES, USERS, Run, made_up, replay
from benchmarks.prefetch.traces import Shape, navigation
from tests.support.redis_servers import Server, start_valkey
from yoto.rooms.prefetch.settings import PrefetchSettings

SEED = 7
# Share of the fetches without prefetching.
MOST_EXTRA = 0.02


class Trace(NamedTuple):
    """A trace, and the settings of its prefetcher.

    Attributes:
        habits: share of the trace in which there is a pattern.
        part: share of the requested requests, so that slow traces do not take all the time.
        turns_down: whether it must end with next to no extra work.
        blind: whether the predictions are made up, each without a doubt.
    """

    habits: float
    settings: PrefetchSettings
    part: float
    turns_down: bool
    blind: bool = False


DEFAULT = PrefetchSettings()
# Accepts predictions that are hardly better than none.
EAGER = replace(DEFAULT, confidence=0.02)
TRACES = {
    "habits": Trace(1.0, DEFAULT, 1.0, False),
    "habits that are lost": Trace(0.4, EAGER, 0.5, True),
    "no pattern": Trace(0.0, DEFAULT, 0.3, True),
    "no pattern, made up": Trace(0.0, DEFAULT, 0.3, True, blind=True),
}


def figures_of(without: Run, with_: Run) -> dict[str, float | None]:
    """The figures of a trace, in percent where they are shares."""
    assert with_.stats is not None
    stats = with_.stats
    return {
        "requests": with_.whole.requests,
        "hit rate without, %": _percent(without.whole.hit_rate),
        "hit rate with, %": _percent(with_.whole.hit_rate),
        "the same, second half, without, %": _percent(without.steady.hit_rate),
        "the same, second half, with, %": _percent(with_.steady.hit_rate),
        "gain as it says itself, %": _percent(stats.hit_rate_gain),
        "prefetched": with_.whole.prefetched,
        "precision, %": _percent(stats.precision),
        "wasted share, %": _percent(stats.wasted_share),
        "fetches without": without.whole.trips,
        "fetches with": with_.whole.trips,
        "extra fetches, %": _percent(with_.whole.trips / without.whole.trips - 1),
        "extra fetches, second half, %": _percent(with_.steady.trips / without.steady.trips - 1),
        "database loads without": without.whole.loads,
        "database loads with": with_.whole.loads,
        "turned down at the end": float(stats.turned_down),
    }


def run(server: Server, trace: Trace, requests: int) -> dict[str, float | None]:
    """All figures of one trace."""
    length = int(requests * trace.part)
    without, with_ = (
        replay(
            server,
            navigation(Shape(), length, SEED, trace.habits),
            length,
            settings,
            made_up(Shape(), SEED) if trace.blind else None,
        )
        for settings in (None, trace.settings)
    )
    return figures_of(without, with_)


def main() -> None:
    """Print the figures; write them as JSON when asked to. Exit status 1 when a promise broke."""
    parser = argparse.ArgumentParser(description="What prefetching gains and costs.")
    parser.add_argument("--requests", type=int, default=60_000, help="of the longest trace")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with start_valkey() as server:
        figures = {name: run(server, trace, options.requests) for name, trace in TRACES.items()}
    print(f"memory: {USERS} of {Shape().users} users, {PLACES} places each")
    print(f"{'':36}" + "".join(f"{name:>22}" for name in figures))
    for row in next(iter(figures.values())):
        cells = (numbers[row] for numbers in figures.values())
        print(f"{row:36}" + "".join(f"{_shown(cell):>22}" for cell in cells))
    print(
        f"promise: where no habit helps, at most {MOST_EXTRA:.0%} of extra work in the second half"
    )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    broken = [
        name
        for name, trace in TRACES.items()
        if trace.turns_down
        and (figures[name]["extra fetches, second half, %"] or 0.0) > MOST_EXTRA * 100
    ]
    if broken:
        raise SystemExit(f"broken: {', '.join(broken)}")


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}".removesuffix(".00")
