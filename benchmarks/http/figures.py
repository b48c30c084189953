"""From rounds to the table: medians, and ratios to the bare view on the same kind of server."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.http.rows import ROWS, STACK

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Round:
    """A row in one round: requests a second, and microseconds of the server's processor a request.

    Attributes:
        bare: requests a second of the bare view in the turn before, since a machine's speed may
            change within seconds. None: that was not measured.
    """

    rate: float
    processor_us: float | None
    bare: float | None = None


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

    @property
    def of_bare(self) -> list[float]:
        """Ratios to the bare view, of the rounds in which that was measured."""
        return [one.rate / one.bare for one in self.rounds if one.bare is not None]


def figures(measured: Mapping[str, Measured]) -> dict[str, Figures]:
    """A line for each row: medians, and ratios to other rows."""
    return {name: _line(one, measured) for name, one in measured.items()}


def _line(mine: Measured, all_: Mapping[str, Measured]) -> Figures:
    processor = [one.processor_us for one in mine.rounds if one.processor_us is not None]
    return {
        "req/s": round(mine.rate, 1),
        "of bare": _median(mine.of_bare),
        "of peers": _of_peers(mine, all_.get(STACK.name)),
        "cpu us": round(statistics.median(processor), 1) if processor else None,
        "p99 ms": None if mine.p99 is None else round(mine.p99, 2),
        "SQL": mine.statements,
        "Redis": mine.round_trips,
    }


def _of_peers(mine: Measured, stack: Measured | None) -> float | None:
    if stack is None or not mine.of_bare or not stack.of_bare:
        return None
    # The bare view has a turn before each of the others', in which it is 1.
    return _median([one / two for one, two in zip(mine.of_bare, stack.of_bare, strict=False)])


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


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
