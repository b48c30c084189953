"""From rounds to the table: medians, and ratios to the bare view on the same server."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.http.rows import BARE, ROWS, STACK

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Round:
    """A row in one round: requests a second, and microseconds of the server's processor a request.

    The latter is nearly the same on a busy machine as on a quiet one.
    """

    rate: float
    processor_us: float | None


@dataclass(slots=True)
class Measured:
    """All measurements of a row.

    Attributes:
        rounds: in the order of the rounds.
        p99: milliseconds, at half of the rate that the rounds reached.
        statements: SQL statements of a request that its caller waits for.
        round_trips: round trips to Redis of a request that its caller waits for.
    """

    rounds: list[Round] = field(default_factory=list)
    p99: float | None = None
    statements: float | None = None
    round_trips: float | None = None

    @property
    def rate(self) -> float:
        """Requests a second, the median of the rounds."""
        return statistics.median(one.rate for one in self.rounds)


def figures(measured: Mapping[str, Measured]) -> dict[str, Figures]:
    """A line for each row: medians, and ratios to other rows in the same round."""
    return {name: _line(one, measured) for name, one in measured.items()}


def _line(mine: Measured, all_: Mapping[str, Measured]) -> Figures:
    processor = [one.processor_us for one in mine.rounds if one.processor_us is not None]
    return {
        "req/s": round(mine.rate, 1),
        "of bare": ratio(mine, all_.get(BARE.name)),
        "of peers": ratio(mine, all_.get(STACK.name)),
        "cpu us": round(statistics.median(processor), 1) if processor else None,
        "p99 ms": None if mine.p99 is None else round(mine.p99, 2),
        "SQL": mine.statements,
        "Redis": mine.round_trips,
    }


def ratio(mine: Measured, other: Measured | None) -> float | None:
    """The median of a round's requests to those of the other row in the same round."""
    if other is None:
        return None
    pairs = zip(mine.rounds, other.rounds, strict=True)
    return round(statistics.median(one.rate / two.rate for one, two in pairs), 3)


def table(title: str, found: Mapping[str, Figures]) -> str:
    """The lines to print, in the order of the rows."""
    shown = {row.name: row.shown for row in ROWS}
    columns = list(next(iter(found.values())))
    lines = [f"{title:36}" + "".join(f"{column:>10}" for column in columns)]
    for name in sorted(found, key=list(shown).index):
        values = (cell(column, found[name].get(column)) for column in columns)
        lines.append(f"{shown[name]:36}" + "".join(f"{value:>10}" for value in values))
    return "\n".join(lines)


def cell(column: str, value: float | None) -> str:
    """A number as the table shows it."""
    if value is None:
        return "-"
    if column in ("SQL", "Redis"):
        return f"{value:g}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
