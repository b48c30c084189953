"""The last ten minutes of all guards, read from the monitor at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, TypeAlias, TypedDict

from yoto.extensions import monitor
from yoto.monitor import names
from yoto.monitor.history import MIDDLE, Point

SHOWN = 600  # s
RATE_OVER = 60  # s
STEPS = SHOWN // MIDDLE.seconds
Steps: TypeAlias = list[float | None]
_COUNTED = {names.PASSES: "passes", names.REJECTIONS: "rejections"}


class Rates(TypedDict):
    """Calls a second over all workers, in the last minute; null: not known."""

    passes: float | None
    rejections: float | None


class Spark(TypedDict):
    """The last ten minutes in steps; null: no worker recorded then."""

    since: datetime
    step: Annotated[int, "Seconds"]
    complete: Annotated[bool, "False: of the worker that answers alone"]
    passes: Steps
    rejections: Steps
    in_flight: Annotated[Steps, "Of a bulkhead, on average; empty for others"]


@dataclass(slots=True)
class GuardHistory:
    """Steps of one guard, oldest first; None where no worker recorded it."""

    passes: Steps
    rejections: Steps
    in_flight: Steps = field(default_factory=lambda: [None] * STEPS)


class History:
    """The last ten minutes of all guards."""

    def __init__(self) -> None:
        """Read the last ten minutes; without the store only this worker's own records."""
        watching = monitor.current
        now = watching.now()
        # An unfinished step would look like a drop.
        self._until = int(now - now % MIDDLE.seconds)
        reading = watching.read(MIDDLE, self._until - SHOWN, self._until)
        self._complete = reading.complete
        points = {
            int(point.at - (self._until - SHOWN)) // MIDDLE.seconds: point
            for point in reading.points
        }
        # A guard without counts in a step that some worker recorded allowed no calls.
        empty = [0.0 if step in points else None for step in range(STEPS)]
        self._guards: dict[tuple[str, str], GuardHistory] = defaultdict(
            lambda: GuardHistory(list(empty), list(empty))
        )
        for step, point in points.items():
            if 0 <= step < STEPS:
                self._take(step, point)

    def rates(self, kind: str, name: str) -> Rates:
        """Calls a second in the last minute."""
        found = self._guards[kind, name]
        return {"passes": _rate(found.passes), "rejections": _rate(found.rejections)}

    def spark(self, kind: str, name: str) -> Spark:
        """The steps of one guard."""
        found = self._guards[kind, name]
        return {
            "since": datetime.fromtimestamp(self._until - SHOWN, UTC),
            "step": MIDDLE.seconds,
            "complete": self._complete,
            "passes": found.passes,
            "rejections": found.rejections,
            "in_flight": found.in_flight if kind == "bulkhead" else [],
        }

    def _take(self, step: int, point: Point) -> None:
        for about, added in point.counters.items():
            row = _COUNTED.get(about.name)
            if row is not None:
                labels = dict(about.labels)
                steps = getattr(self._guards[labels["kind"], labels["name"]], row)
                steps[step] = (steps[step] or 0.0) + added / point.seconds
        for about, gauge in point.gauges.items():
            if about.name == names.BULKHEAD_HELD:
                # Each worker reports its gauge once a second.
                found = self._guards["bulkhead", dict(about.labels)["name"]]
                found.in_flight[step] = gauge.total / point.seconds


def _rate(steps: Steps) -> float | None:
    known = [step for step in steps[-RATE_OVER // MIDDLE.seconds :] if step is not None]
    return sum(known) / len(known) if known else None
