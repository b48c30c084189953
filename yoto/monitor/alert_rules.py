"""Alert rules: a value and its thresholds, which health uses too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from yoto.checks import LABELS, NAMED, line
from yoto.errors import ValidationFailed
from yoto.rules import RULE, Checked, Errors, Flag, Number, OneOf, Rule, Settings, is_text, ruled

from .signals import Direction

FURTHEST = 1e15
# s
LONGEST = 24 * 3600.0
# Characters.
LONGEST_TEXT = 200
LONGEST_ADDRESS = 500
ADDRESS = re.compile(r"(https?://[^\s<>\"]+)?", re.ASCII)
# Levels that an alert may request for all features; names of ``resilience``'s levels.
DEGRADATIONS = ("none", "light", "medium", "heavy")
# Fields that an operators' rule must have, beside a threshold.
OWN = ("metric", "direction")
# Fields that operators may not change: the subject of an alert is set in code.
FIXED = frozenset({"name", "metric", "direction", "labels", "text"})


def _labels(value: Any) -> Mapping[str, str]:
    return MappingProxyType(dict(LABELS(value)))


def _degradation(value: Any) -> str:
    if value not in DEGRADATIONS:
        raise ValueError(f"must be one of {', '.join(DEGRADATIONS)}")
    return str(value)


def _address(value: Any) -> str:
    if not is_text(value) or len(value) > LONGEST_ADDRESS or not ADDRESS.fullmatch(value):
        says = f"an http:// or https:// address of at most {LONGEST_ADDRESS} characters"
        raise ValueError(f"must be {says}, or empty")
    return str(value)


def _or_none(rule: Rule) -> Rule:
    return Checked(lambda value: None if value is None else rule(value), "number")


_NAMED = {RULE: NAMED}
_THRESHOLD = _or_none(Number(-FURTHEST, FURTHEST))


class Level(StrEnum):
    """The levels of an alert, from bad to worse."""

    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 to 3; 0 is left for no alert."""
        return _LEVELS.index(self) + 1


_LEVELS = list(Level)


def level_of(rank: int) -> Level | None:
    """The level of a rank; None for 0."""
    return _LEVELS[rank - 1] if rank else None


@dataclass(frozen=True, kw_only=True)
class AlertRule(Settings):
    """One rule. A value beyond a threshold is bad; the threshold itself is not.

    Attributes:
        name: the rule's name; with the labels it identifies an alert.
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
        degrade: the level requested for all features: ``none``, ``light``, ``medium``, ``heavy``.
        degrade_from: the alert level from which on it is requested.
        runbook: the address of a runbook for its alerts, instead of the platform's, if there is
            one.

    Raises:
        ValidationFailed: on construction, naming each bad field and the allowed values.
    """

    name: str = field(metadata=_NAMED)
    metric: str = field(metadata=_NAMED)
    direction: Direction = field(metadata={RULE: OneOf(Direction)})
    warning: float | None = ruled(None, _THRESHOLD)
    error: float | None = ruled(None, _THRESHOLD)
    critical: float | None = ruled(None, _THRESHOLD)
    hold: float = ruled(30.0, Number(0, LONGEST, "s"))
    recover: float = ruled(60.0, Number(0, LONGEST, "s"))
    hysteresis: float = ruled(0.05, Number(0, 1))
    labels: Mapping[str, str] = field(
        default_factory=dict, metadata={RULE: Checked(_labels, "labels")}
    )
    text: str = ruled("", line(LONGEST_TEXT))
    enabled: bool = ruled(True, Flag())
    unknown_after: float | None = ruled(None, _or_none(Number(1, LONGEST, "s")))
    unknown_level: Level = ruled(Level.WARNING, OneOf(Level))
    degrade: str = ruled("none", Checked(_degradation, "degradation"))
    degrade_from: Level = ruled(Level.ERROR, OneOf(Level))
    runbook: str = ruled("", Checked(_address, "text"))

    @property
    def limits(self) -> tuple[float | None, float | None, float | None]:
        """The thresholds, by rank."""
        return self.warning, self.error, self.critical

    def limit(self, rank: int) -> float | None:
        """The threshold of a rank, 1 to 3."""
        return self.limits[rank - 1]

    @classmethod
    def of_entry(cls, name: str) -> Settings:
        return NoRule(name=name)

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The rule with operators' overrides applied.

        Raises:
            ValidationFailed: a field that cannot be set, or a bad value.
        """
        refuse_fixed(values)
        return self.from_mapping({**self.to_mapping(), **values})

    def to_mapping(self) -> dict[str, Any]:
        return {**super().to_mapping(), "labels": dict(self.labels)}

    def _conflicts(self) -> Errors:
        given = [(level, x) for level, x in zip(Level, self.limits, strict=True) if x is not None]
        if not given:
            return {"warning": "at least one of warning, error and critical must be given"}
        return {
            worse: f"must be on the {self.direction} side of {better} ({limit:g}), not {further!r}"
            for (better, limit), (worse, further) in zip(given, given[1:], strict=False)
            if not self.direction.falls_from(limit, further)
        }


@dataclass(frozen=True, kw_only=True)
class NoRule(Settings):
    """A name without a rule in the code, under which operators' values make one of their own."""

    name: str = field(metadata=_NAMED)

    def with_values(self, values: Mapping[str, Any]) -> Settings:
        """The rule that consists of these values.

        Raises:
            ValidationFailed: a field is unknown, missing or bad.
        """
        if not values:
            return self
        known = [*OWN, "labels", "text", *settable()]
        errors = {
            str(one): f"is unknown; known are {', '.join(known)}"
            for one in values
            if one not in known
        }
        errors |= {one: "must be given" for one in OWN if one not in values}
        if errors:
            raise ValidationFailed(errors)
        return AlertRule(**{"name": self.name, **values})

    def to_mapping(self) -> dict[str, Any]:
        return {}


def settable() -> list[str]:
    """The fields that operators may set."""
    return [one.name for one in fields(AlertRule) if one.name not in FIXED]


def refuse_fixed(values: Mapping[str, Any]) -> None:
    """Raise ``ValidationFailed`` if operators may not set one of these fields."""
    known = settable()
    hint = f"cannot be set; these can: {', '.join(known)}"
    errors = {str(name): hint for name in values if name not in known}
    if errors:
        raise ValidationFailed(errors)
