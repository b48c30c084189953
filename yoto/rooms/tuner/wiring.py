"""Connects the tuner to the measurements that it reads, and to the tunables that it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.events import Events
from yoto.monitor.extension import Monitor
from yoto.monitor.history import FINE, MIDDLE, Point
from yoto.monitor.monitoring import Monitoring
from yoto.optimization import AdvancedOptimization, elected_by
from yoto.resilience import Resilience
from yoto.settings import value_of

from .snapshot import Guards, QueueSnapshot, TuningSnapshot, snapshot_of
from .tunables import TUNABLES
from .tuner import Tuner

EXTENSION_KEY = "yoto.tuner"
LOCK = "tuner"
# s of measurements at most from which recommendations are made.
EVIDENCE = 900.0
# s up to which measurements are read second by second.
SHORT = 100.0


def tune(app: Flask, never: Iterable[str] = ()) -> Tuner:
    """Make the tuner of ``app``; no request is made yet.

    Args:
        never: names of guards whose limits must not be tuned.
    """
    monitoring = Monitor.of(app)
    optimization = AdvancedOptimization.of(app)
    controller = Resilience.of(app)
    window = value_of(app.config, "TUNING_WINDOW")
    tuner = Tuner(
        lambda: controller.config,
        _configured(app.config),
        _look(monitoring, lambda: optimization.find("queue")),
        _points(monitoring, window),
        monitoring.now,
        Events.of(app).stream.publish,
        elected_by(optimization.locks, LOCK),
        window,
        never,
    )
    app.extensions[EXTENSION_KEY] = tuner
    return tuner


def tuner_of(app: Flask) -> Tuner:
    """The tuner that ``tune`` made for ``app``."""
    found: Tuner = app.extensions[EXTENSION_KEY]
    return found


def _configured(config: Mapping[str, Any]) -> dict[str, float]:
    """The configured value of each tunable."""
    return {name: value_of(config, tunable.key) for name, tunable in TUNABLES.items()}


def _look(
    monitoring: Monitoring, queue: Callable[[], Any]
) -> Callable[[float, Mapping[str, float], Guards], TuningSnapshot | None]:
    def look(since: float, values: Mapping[str, float], guards: Guards) -> TuningSnapshot | None:
        now = monitoring.now()
        since = max(since, now - EVIDENCE)
        reading = monitoring.read(FINE if now - since <= SHORT else MIDDLE, since)
        if not reading.complete or not reading.points:
            return None
        first = reading.points[0].at
        whole = Point(first, max(1, round(now - first)))
        for point in reading.points:
            whole.merge(point)
        return snapshot_of(whole, values, _queue(queue()), guards)

    return look


def _queue(queue: Any) -> QueueSnapshot | None:
    """The batch queue at this moment; None: it is a room's that is off, or Redis did not answer."""
    if queue is None:
        return None
    try:
        found = queue.stats()
    except StoreUnavailable:
        return None
    return QueueSnapshot(found.waiting, found.inflow, found.processing)


def _points(monitoring: Monitoring, window: float) -> Callable[[float, float], Sequence[Point]]:
    # Both sides of a comparison have one resolution: percentiles of 1 s and of 10 s differ.
    resolution = FINE if window <= SHORT else MIDDLE

    def points(since: float, until: float) -> Sequence[Point]:
        # The step in which a change happened belongs to neither side.
        reading = monitoring.read(resolution, since, until - resolution.seconds)
        return reading.points if reading.complete else []

    return points
