"""The numbers of decisions by hour and by day: kept beside their records, for trends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Double, case, delete, func, literal, select
from sqlalchemy.engine import Connection

from yoto.permission.database.statements import table
from yoto.permission.loading.source import reading
from yoto.rooms.decision_log.reading import records
from yoto.rooms.decision_log.tables import COUNTED_LENGTH, DecisionCount
from yoto.rooms.decision_log.writer import Row
from yoto.store.upserts import insert_or_update

counts = table(DecisionCount)

HOUR = 3600  # s
DAY = 24  # hours
SPANS = (1, DAY)  # hours that are counted together
# The counted properties, each with its column of the records.
FACETS = {"permission": "asked", "place": "scope", "reason": "reason"}
# Hours for which counts of a span are kept: a little longer than any trend is.
KEPT = {1: 9 * DAY, DAY: 33 * DAY}
CUT = "…"


class Cell(NamedTuple):
    """The key of decisions counted together."""

    facet: str
    span: int
    hour: int
    value: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Decisions with one value in common.

    Attributes:
        denied, allowed: totals.
        steps: denials in each step, oldest first.
    """

    value: str
    denied: int
    allowed: int
    steps: Sequence[int]


@dataclass(frozen=True, slots=True)
class Trend:
    """Decisions over time.

    Attributes:
        start: when the first step began, in epoch seconds.
        step: seconds of a step; the last one is not over.
        denied, allowed: decisions in each step, oldest first.
        lines: the values of each facet with the most denials, and the most often allowed.
    """

    start: int
    step: int
    denied: Sequence[int]
    allowed: Sequence[int]
    lines: dict[str, Sequence[Line]]


def cells_of(rows: Iterable[Row]) -> dict[Cell, int]:
    """The cells in which records count, each with its number of decisions, in the order of the key.

    The order is the same in all workers, so that no two wait for each other.
    """
    found: Counter[Cell] = Counter()
    for row in rows:
        at: datetime = row["at"]
        hour = int(at.timestamp()) // HOUR
        for facet, column in FACETS.items():
            value = counted(row[column])
            for span in SPANS:
                found[Cell(facet, span, hour - hour % span, value, row["allowed"])] += row["weight"]
    return dict(sorted(found.items()))


def counted(value: str) -> str:
    """A value in its counted form: a long one loses its end."""
    return value if len(value) <= COUNTED_LENGTH else value[: COUNTED_LENGTH - len(CUT)] + CUT


def add_counts(connection: Connection, rows: Iterable[Row]) -> None:
    """Count records, in the transaction that stores them."""
    statement = insert_or_update(
        counts,
        connection.dialect,
        lambda new: {"decisions": counts.c.decisions + new.decisions},
    )
    connection.execute(
        statement, [{**cell._asdict(), "decisions": n} for cell, n in cells_of(rows).items()]
    )


def forget_counts(connection: Connection, now: float) -> int:
    """Delete the oldest hour, or day, of counts that are kept no longer; 0: there is none.

    Args:
        now: epoch seconds.
    """
    for facet in FACETS:
        for span, kept in KEPT.items():
            of_span = (counts.c.facet == facet) & (counts.c.span == span)
            oldest = connection.scalar(select(func.min(counts.c.hour)).where(of_span))
            if oldest is not None and oldest < now // HOUR - kept:
                gone = delete(counts).where(of_span, counts.c.hour == oldest)
                return connection.execute(gone).rowcount
    return 0


def trend(connection: Connection, days: int, now: float, most: int) -> Trend:
    """The last ``days`` whole days and today, in UTC: by hour, or by day beyond a week.

    Args:
        days: at most 30.
        now: epoch seconds.
        most: lines of each facet.
    """
    step = 1 if days <= 7 else DAY
    hour = int(now) // HOUR
    start = hour - hour % DAY - days * DAY
    hours = range(start, hour + 1, step)
    totals = {False: [0] * len(hours), True: [0] * len(hours)}
    # Every decision has one reason, and reasons are few.
    rows = connection.execute(
        select(counts.c.hour, counts.c.allowed, func.sum(counts.c.decisions))
        .where(counts.c.facet == "reason", counts.c.span == step, counts.c.hour >= start)
        .group_by(counts.c.hour, counts.c.allowed)
    )
    for at, allowed, number in rows:
        if at in hours:
            totals[bool(allowed)][hours.index(at)] = int(number)
    lines = {facet: _lines(connection, facet, hours, most) for facet in FACETS}
    return Trend(start * HOUR, step * HOUR, totals[False], totals[True], lines)


def _lines(connection: Connection, facet: str, hours: range, most: int) -> Sequence[Line]:
    # The values denied most; where there are fewer, the values allowed most after them.
    values = _most(connection, facet, hours.start, False, most)
    if len(values) < most:
        allowed_most = _most(connection, facet, hours.start, True, most)
        values = list(dict.fromkeys([*values, *allowed_most]))[:most]
    sums: dict[Any, list[int]] = {value: [0, 0] for value in values}
    days = range(hours.start, hours.stop, DAY)
    for value, allowed, number in connection.execute(
        select(counts.c.value, counts.c.allowed, counts.c.decisions).where(
            counts.c.facet == facet,
            counts.c.span == DAY,
            counts.c.hour.in_(list(days)),
            counts.c.value.in_(values),
        )
    ):
        sums[value][allowed] += number
    steps: dict[Any, list[int]] = {value: [0] * len(hours) for value in values}
    # Each cell by its whole key: most rows between are not shown.
    rows = connection.execute(
        select(counts.c.hour, counts.c.value, counts.c.decisions).where(
            counts.c.facet == facet,
            counts.c.span == hours.step,
            counts.c.hour.in_(list(hours)),
            counts.c.value.in_(list(steps)),
            counts.c.allowed.is_(False),
        )
    )
    for at, value, number in rows:
        steps[value][hours.index(at)] = number
    return [Line(value, sums[value][0], sums[value][1], steps[value]) for value in values]


def _most(
    connection: Connection, facet: str, start: int, allowed: bool, most: int
) -> Sequence[Any]:
    """The values of the most decisions since an hour. Days have the sums of their hours."""
    # MariaDB adds integers as decimals, which takes twice as long as floats.
    everything = func.sum(counts.c.decisions + literal(0.0, Double))
    return connection.scalars(
        select(counts.c.value)
        .where(
            counts.c.facet == facet,
            counts.c.span == DAY,
            counts.c.hour >= start,
            counts.c.allowed.is_(allowed),
        )
        .group_by(counts.c.value)
        .order_by(everything.desc(), counts.c.value)
        .limit(most)
    ).all()


LATEST = 10_000  # records that are read


class Judged(NamedTuple):
    """Decisions about one permission, estimated where allowed ones are recorded in part.

    Attributes:
        judged: those that policies took part in.
    """

    decisions: int
    judged: int


def judged_of_late(latest: int = LATEST) -> Mapping[str, Judged]:
    """By permission, or expression, of the ``latest`` records.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    newest = (
        select(records.c.asked, records.c.weight, records.c.policy_version)
        .order_by(records.c.id.desc())
        .limit(latest)
        .subquery()
    )
    judged = case((newest.c.policy_version.is_not(None), newest.c.weight), else_=0)
    counts = select(newest.c.asked, func.sum(newest.c.weight), func.sum(judged))
    with reading() as connection:
        rows = connection.execute(counts.group_by(newest.c.asked))
        return {asked: Judged(int(all_), int(some)) for asked, all_, some in rows}
