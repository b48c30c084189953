"""Rules and runs for the tests of the state machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.signals import Direction, Value
from yoto.rooms.alerts.machine import Transition, step
from yoto.rooms.alerts.track import Track

Values = Mapping[str, Value]


def rule(**fields: Any) -> AlertRule:
    """High is bad from 10 (warning), 20 (error), 30 (critical); at once, back for 60 s by 10 %."""
    standard: dict[str, Any] = {
        "name": "load",
        "metric": "load",
        "direction": Direction.HIGH,
        "warning": 10.0,
        "error": 20.0,
        "critical": 30.0,
        "hold": 0.0,
        "recover": 60.0,
        "hysteresis": 0.1,
    }
    return AlertRule(**{**standard, **fields})


class Run:
    """Steps one after the other."""

    def __init__(self, *rules: AlertRule, now: float = 1_000.0) -> None:
        self.rules = list(rules)
        self.tracks: dict[str, Track] = {}
        self.now = now
        self.refused: list[str] = []

    def see(self, values: Values, after: float = 10.0) -> list[Transition]:
        """Evaluate ``after`` seconds later."""
        self.now += after
        result = step(self.rules, self.tracks, values, self.now)
        self.tracks, self.refused = result.tracks, result.refused
        return result.transitions

    def notices(
        self, samples: Iterable[float | None], every: float = 10.0, metric: str = "load"
    ) -> list[str]:
        """The transitions in a row of samples: the kind and the new level of each."""
        return [short(one) for value in samples for one in self.see({metric: value}, after=every)]


def short(transition: Transition) -> str:
    """Such as ``raised warning``, ``changed error``, ``resolved``."""
    return f"{transition.kind} {transition.new or ''}".strip()
