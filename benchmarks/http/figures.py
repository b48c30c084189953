"""From rounds to the table: medians, and ratios to the bare view."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.http.rows import BARE, ROWS, STACK

Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Round:
    """A row in one round: requests a second, and microseconds of the server's processor a request.

    The latter says the same on a busy machine as on a quiet one, or nearly.
    """

    rate: float
    processor_us: float | None


def figures(rounds: Mapping[str, Sequence[Round]]) -> dict[str, dict[str, float | None]]:
    """For each row that was measured: medians, and ratios of what stood in the same round."""
    return {name: _of_row(name, rounds) for name in rounds}


def _of_row(name: str, rounds: Mapping[str, Sequence[Round]]) -> dict[str, float | None]:
    mine = rounds[name]
    processor = [one.processor_us for one in mine if one.processor_us is not None]
    found: dict[str, float | None] = {
        "req/s": round(statistics.median(one.rate for one in mine), 1),
        "of bare": ratio(mine, rounds.get(BARE.name)),
        "of peers": ratio(mine, rounds.get(STACK.name)),
        "cpu us": round(statistics.median(processor), 1) if processor else None,
    }
    return found


def ratio(mine: Sequence[Round], others: Sequence[Round] | None) -> float | None:
    """The median of a round's requests to those of the other row in the same round."""
    if not others:
        return None
    pairs = zip(mine, others, strict=True)
    return round(statistics.median(one.rate / other.rate for one, other in pairs), 3)


def table(title: str, found: Mapping[str, Figures]) -> str:
    """The lines to print, in the order of the rows."""
    shown = {row.name: row.shown for row in ROWS}
    columns = list(next(iter(found.values())))
    lines = [f"{title:36}" + "".join(f"{column:>12}" for column in columns)]
    for name in sorted(found, key=list(shown).index):
        values = (found[name].get(column) for column in columns)
        lines.append(f"{shown[name]:36}" + "".join(f"{cell(value):>12}" for value in values))
    return "\n".join(lines)


def cell(value: float | None) -> str:
    """A number as the table shows it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
