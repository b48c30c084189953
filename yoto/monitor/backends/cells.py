"""Batches and points as flat lists of cells, which a Redis script can add up. Pure.

A cell is text: its kind, a colon, and the series. ``c`` a counter, ``h`` with a number the
bucket of a histogram, ``s`` the sum of a histogram, ``n`` and ``t`` how many readings of a gauge
and their sum, ``m`` the highest of them, ``l`` the lowest with its sign turned, so that the
largest counts of it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..distribution import Distribution
from ..history import Batch, Point, Readings
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
    point = Point(at, seconds)
    for cell, value in cells:
        kind, _, text = cell.partition(":")
        try:
            about = parse_series(text)
        except ValueError:
            continue
        if kind == "c":
            point.counters[about] = value
        elif kind == "s":
            _histogram(point, about).total = value
        elif kind[:1] == "h" and kind[1:].isdecimal():
            _histogram(point, about).counts[int(kind[1:])] = int(value)
        elif kind == "n":
            _gauge(point, about).readings = int(value)
        elif kind == "t":
            _gauge(point, about).total = value
        elif kind == "m":
            _gauge(point, about).highest = value
        elif kind == "l":
            _gauge(point, about).lowest = -value
    return point


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


def _histogram(point: Point, about: Series) -> Distribution:
    found = point.histograms.get(about)
    if found is None:
        found = point.histograms[about] = Distribution()
    return found


def _gauge(point: Point, about: Series) -> Readings:
    found = point.gauges.get(about)
    if found is None:
        found = point.gauges[about] = Readings()
    return found
