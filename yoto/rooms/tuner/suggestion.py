"""Suggestions, and the confidence in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .tunables import tunable_of

if TYPE_CHECKING:
    from yoto.operate.live.views import SuggestionReport


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change of one setting.

    Attributes:
        setting: a name in ``TUNABLES``, or that of a limit of a guard.
        now, proposed: its values, in the tunable's unit.
        why: the observation.
        effect: the expected effect.
        confidence: 0 to 1, by the number of observations.
        metric: the measurement, see ``measure_of``, that must not get worse.
        code, figures: ``why`` and ``effect`` for readers of another language: a name, and the
            values by name. A value's name ends in its unit, if any: ``_s``, ``_ms``, ``_share``.
    """

    setting: str
    now: float
    proposed: float
    why: str
    effect: str
    confidence: float
    metric: str
    code: str = ""
    figures: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The change, such as ``cache_users_size=16000``; equal ids mean equal changes."""
        return f"{self.setting}={self.proposed:.10g}"

    @property
    def live(self) -> bool:
        """Whether it takes effect in running workers; else the configuration must be changed."""
        return tunable_of(self.setting).live

    def to_plain(self) -> SuggestionReport:
        """As JSON data."""
        return {
            "id": self.id,
            "setting": self.setting,
            "key": tunable_of(self.setting).key,
            "unit": tunable_of(self.setting).unit,
            "now": self.now,
            "proposed": self.proposed,
            "why": self.why,
            "effect": self.effect,
            "confidence": self.confidence,
            "metric": self.metric,
            "code": self.code,
            "figures": dict(self.figures),
            "live": self.live,
        }


def confidence(seen: float, half: float) -> float:
    """0 without observations, 0.5 after ``half`` of them, and towards 1 the more there are."""
    return round(seen / (seen + half), 3) if seen > 0 else 0.0


def suggest(
    setting: str,
    now: float,
    wanted: float,
    why: str,
    effect: str,
    sure: float,
    metric: str,
    code: str,
    **figures: float | str,
) -> Suggestion | None:
    """The suggestion with its value moved into the allowed range; None if that changes nothing."""
    proposed = tunable_of(setting).fit(wanted)
    if proposed == now or sure <= 0:
        return None
    return Suggestion(setting, now, proposed, why, effect, sure, metric, code, figures)
