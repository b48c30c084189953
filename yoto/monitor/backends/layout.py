"""Measurements in Redis: keys, and batches as flat lists that a script can add up. Pure.

All keys have one hash tag, so that a batch is taken whole or not at all.

A cell is text: its kind, a colon, and the series. ``c`` a counter, ``h`` with a number the
bucket of a histogram, ``s`` the sum of a histogram, ``n`` and ``t`` how many readings of a gauge
and their sum, ``m`` the highest of them, ``l`` the lowest with its sign turned, so that the
largest counts of it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from yoto.redis import KeyBuilder

from ..distribution import Distribution
from ..history import Batch, Point, Readings, Resolution
from ..series_names import Series, parse_series

Flat = list[Any]


def to_cells(batch: Batch) -> tuple[Flat, Flat, Flat]:
    """Cells that add up, cells of which the largest counts, and gauges; each with its value."""
    adding: Flat = []
    rising: Flat = []
    gauges: Flat = []
    for about, added in batch.counters.items():
        adding += (f"c:{about}", added)
    for about, found in batch.histograms.items():
        # The first of its kind decides whether the store has room for the series.
        adding += (f"s:{about}", found.total)
        for number, count in found.counts.items():
            adding += (f"h{number}:{about}", count)
    for about, value in batch.gauges.items():
        adding += (f"n:{about}", 1, f"t:{about}", value)
        rising += (f"m:{about}", value, f"l:{about}", -value)
        gauges += (str(about), value)
    return adding, rising, gauges


def to_point(at: int, seconds: int, cells: Iterable[tuple[str, float]]) -> Point:
    """The point that holds these cells; cells of an unknown kind are skipped."""
    counters: dict[Series, float] = {}
    gauges: defaultdict[Series, Readings] = defaultdict(Readings)
    histograms: defaultdict[Series, Distribution] = defaultdict(Distribution)
    for cell, value in cells:
        kind, _, text = cell.partition(":")
        try:
            about = parse_series(text)
        except ValueError:
            continue
        if kind == "c":
            counters[about] = value
        elif kind == "s":
            histograms[about].total = value
        elif kind[:1] == "h" and kind[1:].isdecimal():
            histograms[about].counts[int(kind[1:])] = int(value)
        elif kind == "n":
            gauges[about].readings = int(value)
        elif kind == "t":
            gauges[about].total = value
        elif kind == "m":
            gauges[about].highest = value
        elif kind == "l":
            gauges[about].lowest = -value
    return Point(at, seconds, counters, dict(gauges), dict(histograms))


def is_rising(cell: str) -> bool:
    """Whether the larger of two values of a cell counts, instead of their sum."""
    return cell[:1] in ("m", "l")


def name_in(cell: str) -> str:
    """The name of a cell's metric."""
    return cell.partition(":")[2].partition("{")[0]


def to_gauges(flat: Flat) -> dict[Series, float]:
    """Gauges by series."""
    return {
        parse_series(_text(flat[place])): flat[place + 1] for place in range(0, len(flat) - 1, 2)
    }


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class MonitorKeys:
    """Builds the keys."""

    def __init__(self, keys: KeyBuilder) -> None:
        self._key = keys.monitor
        self.numbers = keys.monitor("numbers")
        self.workers = keys.monitor("workers")
        self.heard = keys.monitor("heard")

    def totals(self, host: str) -> str:
        """The sums of a host since the store began."""
        return self._key("totals", host)

    def point(self, resolution: Resolution, number: int) -> str:
        """One point of a resolution."""
        return self._key(resolution.seconds, number)

    def points(self, resolution: Resolution, numbers: Iterable[int]) -> list[str]:
        """Several points of a resolution."""
        return [self.point(resolution, number) for number in numbers]

    def of_worker(self, worker: str) -> list[str]:
        """The script's arguments before the points."""
        return [self.numbers, self.workers, self.heard, self.totals(host_of(worker))]


def host_of(worker: str) -> str:
    """The host in the id of an instance."""
    return worker.rsplit("-", 2)[0]


def pid_of(worker: str) -> int:
    """The process number in the id of an instance."""
    return int(worker.rsplit("-", 2)[1])
