"""An alert rule: a value, its thresholds, and how long it must be beyond one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Self

from yoto.errors import ValidationFailed
from yoto.rules import Flag, Number

from ..checks import Errors, check, check_labels, check_name, check_text, refuse
from ..scale import Direction
from .level import Level

FURTHEST = 1e15
# s
LONGEST = 24 * 3600.0
# Characters.
LONGEST_TEXT = 200
# Levels that an alert may request of all features; names of ``resilience``'s levels.
DEGRADATIONS = ("none", "light", "medium", "heavy")
# Fields that operators may not change: the subject of an alert is set in code.
FIXED = frozenset({"name", "metric", "direction", "labels", "text"})


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """One rule. A value beyond a threshold is bad; the threshold itself is not.

    Attributes:
        name: what the rule is called; with the labels it identifies an alert.
        metric: the name of the value. If it comes with labels, each series is watched by itself.
        direction: the side on which values are bad.
        warning, error, critical: thresholds, from the good side to the bad; None: no such level.
        hold: seconds for which a value must be beyond a threshold before there is an alert.
        recover: seconds for which it must be back before the alert falls or ends.
        hysteresis: how far it must be back, as a share of the threshold, 0 to 1.
        labels: put on each alert of the rule.
        text: the message for people; ``{value}`` becomes the worst value since it was last within
            every threshold, ``{limit}`` the threshold that this is beyond.
        enabled: whether the rule is evaluated.
        unknown_after: seconds without a value after which that itself is an alert; None: never.
        unknown_level: the level of such an alert.
        degrade: the level requested of all features: ``none``, ``light``, ``medium``, ``heavy``.
        degrade_from: the level from which it does.

    Raises:
        ValidationFailed: on construction, naming each bad field and the allowed values.
    """

    name: str
    metric: str
    direction: Direction
    warning: float | None = None
    error: float | None = None
    critical: float | None = None
    hold: float = 30.0
    recover: float = 60.0
    hysteresis: float = 0.05
    labels: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    enabled: bool = True
    unknown_after: float | None = None
    unknown_level: Level = Level.WARNING
    degrade: str = "none"
    degrade_from: Level = Level.ERROR

    def __post_init__(self) -> None:
        errors: Errors = {}
        check_name(errors, "name", self.name)
        check_name(errors, "metric", self.metric)
        check_labels(errors, "labels", self.labels)
        check_text(errors, "text", self.text, LONGEST_TEXT)
        for name in ("hold", "recover"):
            check(errors, name, getattr(self, name), Number(0, LONGEST))
        check(errors, "hysteresis", self.hysteresis, Number(0, 1))
        if self.unknown_after is not None:
            check(errors, "unknown_after", self.unknown_after, Number(1, LONGEST))
        check(errors, "enabled", self.enabled, Flag())
        self._check_choices(errors)
        refuse(errors)
        refuse(self._thresholds_in_order())
        object.__setattr__(self, "direction", Direction(self.direction))
        object.__setattr__(self, "unknown_level", Level(self.unknown_level))
        object.__setattr__(self, "degrade_from", Level(self.degrade_from))
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))

    @property
    def limits(self) -> tuple[float | None, float | None, float | None]:
        """The thresholds, by rank."""
        return self.warning, self.error, self.critical

    def limit(self, rank: int) -> float | None:
        """The threshold of a rank, 1 to 3."""
        return self.limits[rank - 1]

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The rule with operators' overrides applied.

        Raises:
            ValidationFailed: a field that cannot be set, or a bad value.
        """
        known = settable()
        unknown = [name for name in values if name not in known]
        if unknown:
            hint = f"cannot be set; these can: {', '.join(known)}"
            raise ValidationFailed({str(name): hint for name in unknown})
        return replace(self, **values)

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**plain, "labels": dict(self.labels)}

    def _check_choices(self, errors: Errors) -> None:
        for name, value, allowed in (
            ("direction", self.direction, list(Direction)),
            ("unknown_level", self.unknown_level, list(Level)),
            ("degrade", self.degrade, list(DEGRADATIONS)),
            ("degrade_from", self.degrade_from, list(Level)),
        ):
            if value not in allowed:
                errors[name] = f"must be one of {', '.join(allowed)}, not {value!r}"
        given = {level: limit for level, limit in zip(Level, self.limits, strict=True)}
        for level, limit in given.items():
            if limit is not None:
                check(errors, level, limit, Number(-FURTHEST, FURTHEST))
        if all(limit is None for limit in given.values()):
            errors["warning"] = "at least one of warning, error and critical must be given"

    def _thresholds_in_order(self) -> Errors:
        direction = Direction(self.direction)
        given = [(level, x) for level, x in zip(Level, self.limits, strict=True) if x is not None]
        return {
            worse: f"must be on the {direction} side of {better} ({limit:g}), not {further!r}"
            for (better, limit), (worse, further) in zip(given, given[1:], strict=False)
            if not direction.falls_from(limit, further)
        }


def settable() -> list[str]:
    """The fields that operators may set."""
    return [one.name for one in fields(AlertRule) if one.name not in FIXED]
