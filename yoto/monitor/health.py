"""Health: bands of components' values, and the overall band.

Health and alerts agree: a component is degraded from its rule's warning threshold on, and failed
from the error threshold on, also if operators changed them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from yoto.checks import NAMED
from yoto.errors import ValidationFailed
from yoto.rules import Errors, Number, OneOf, check, is_number, refuse

from .alert_rules import AlertRule
from .default_rules import DEFAULT_RULES
from .signals import Direction, Value

FURTHEST = 1e15
# By component, the rule, and the last excellent value, which no rule has.
_RULES = {
    "cache": ("hit_rate", 0.95),
    "response": ("response_time", 50.0),
    "errors": ("error_rate", 0.01),
    "memory": ("memory", 0.5),
}
# Least distance of excellent from the warning threshold, as a share of that from warning to error.
_BETTER = 0.1


class Band(StrEnum):
    """The health of a component.

    ``unknown`` is worse than ``warning``, because it may hide an ``error``, and is never healthy.
    """

    EXCELLENT = "excellent"
    GOOD = "good"
    WARNING = "warning"
    UNKNOWN = "unknown"
    ERROR = "error"

    @property
    def badness(self) -> int:
        """0 for the best; larger is worse."""
        return _WORSE.index(self)

    @property
    def healthy(self) -> bool:
        """Whether it needs no attention."""
        return self in (Band.EXCELLENT, Band.GOOD)


_WORSE = list(Band)


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component whose health is measured by one value.

    A limit itself still belongs to its band: with ``direction`` high, ``excellent`` 50 and ``good``
    100, a value of 50 is excellent and one of 50.1 good. A value beyond ``warning`` is an error.

    Attributes:
        name: the component's name.
        metric: the name of its value.
        direction: the side on which values are bad.
        excellent, good, warning: the last value of each band, from the good side to the bad.
        matters: whether the overall health takes it into account.

    Raises:
        ValidationFailed: on construction, naming each bad field.
    """

    name: str
    metric: str
    direction: Direction
    excellent: float
    good: float
    warning: float
    matters: bool = True

    def __post_init__(self) -> None:
        errors: Errors = {}
        check(errors, "name", self.name, NAMED)
        check(errors, "metric", self.metric, NAMED)
        limits = {"excellent": self.excellent, "good": self.good, "warning": self.warning}
        for field, value in limits.items():
            check(errors, field, value, Number(-FURTHEST, FURTHEST))
        check(errors, "direction", self.direction, OneOf(Direction))
        refuse(errors)
        for better, worse in (("excellent", "good"), ("good", "warning")):
            if not self.direction.falls_from(limits[better], limits[worse]):
                errors[worse] = f"must be on the {self.direction} side of {better}"
        refuse(errors)

    def band_of(self, value: float | None) -> tuple[Band, float | None]:
        """The band of a value, and the border that it has crossed; if healthy, the next border.

        None, infinity and NaN are unknown, with no limit.
        """
        if value is None or not is_number(value):
            return Band.UNKNOWN, None
        for band, limit in (
            (Band.EXCELLENT, self.excellent),
            (Band.GOOD, self.good),
            (Band.WARNING, self.warning),
        ):
            if not self.direction.beyond(value, limit):
                return band, self.good
        return Band.ERROR, self.warning


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """The health of one component, and the reason.

    Attributes:
        name: the component.
        band: its health.
        value: the measured value; None if unknown.
        limit: the border that was crossed, where ``warning`` or ``error`` begins; for a healthy one
            where ``warning`` begins.
        direction: the side of the limit that is bad.
        matters: whether the overall health takes it into account.
    """

    name: str
    band: Band
    value: float | None
    limit: float | None
    direction: Direction
    matters: bool


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The health of everything.

    Attributes:
        overall: the worst band of those that matter; ``unknown`` if none does.
        components: by name.
    """

    overall: Band
    components: Mapping[str, ComponentHealth]


def assess(components: Iterable[Component], values: Mapping[str, Value]) -> HealthReport:
    """Health of ``components`` by ``values``, metric name to value; a missing one is unknown."""
    found: dict[str, ComponentHealth] = {}
    for component in components:
        value = component.direction.worst(values.get(component.metric))
        band, limit = component.band_of(value)
        found[component.name] = ComponentHealth(
            component.name,
            band,
            None if band is Band.UNKNOWN else value,
            limit,
            component.direction,
            component.matters,
        )
    return HealthReport(overall(found.values()), found)


def overall(components: Iterable[ComponentHealth]) -> Band:
    """The worst band of those that matter; ``unknown`` when none that matters is measured."""
    bands = [one.band for one in components if one.matters]
    return max(bands, key=lambda band: band.badness, default=Band.UNKNOWN)


def components_of(rules: Iterable[AlertRule]) -> tuple[Component, ...]:
    """The components by these rules; values that a rule leaves open are the code's."""
    by_name = {rule.name: rule for rule in rules}
    defaults = {rule.name: rule for rule in DEFAULT_RULES}
    found = []
    for name, (rule_name, excellent) in _RULES.items():
        default = defaults[rule_name]
        try:
            made = _component(name, by_name.get(rule_name, default), excellent)
        except ValidationFailed:
            made = None
        found.append(made or _component(name, default, excellent))
    return tuple(one for one in found if one is not None)


def _component(name: str, rule: AlertRule, excellent: float) -> Component | None:
    good, warning = rule.warning, rule.error
    if good is None or warning is None:
        return None
    if not rule.direction.falls_from(excellent, good):
        excellent = good + (good - warning) * _BETTER
    return Component(
        name=name,
        metric=rule.metric,
        direction=rule.direction,
        excellent=excellent,
        good=good,
        warning=warning,
    )


DEFAULT_COMPONENTS = components_of(DEFAULT_RULES)
