"""Configuration of the degradation of a feature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.rules import OneOf, Settings, Text, ruled

# Characters. Names are dotted words, not sentences.
LONGEST_NAME = 200


class DegradationLevel(StrEnum):
    """How much of a feature is switched off, from nothing to all but the bare response."""

    NONE = "none"
    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"

    @property
    def rank(self) -> int:
        """0 for none to 3 for heavy, so that the highest of several levels can be taken."""
        return list(DegradationLevel).index(self)


@dataclass(frozen=True)
class DegradationConfig(Settings):
    """How far a feature is degraded, and its fallbacks.

    The highest level applies, except that one which an operator sets wins over all others.

    Attributes:
        level: always; an operator's holds alone, ``none`` included.
        breaker: name of the breaker that degrades the feature while it is open; empty takes the
            feature's own name.
        on_breaker_open: level while that breaker is open.
        alert: source, raised at whatever level, that degrades the feature; empty for none.
        on_alert: level while that alert is raised.
        fallback_light, fallback_medium, fallback_heavy: names of registered fallbacks; empty
            takes the one of the next lower level, then the one given in the code.
    """

    level: DegradationLevel = ruled(DegradationLevel.NONE, OneOf(DegradationLevel))
    breaker: str = ruled("", Text(LONGEST_NAME))
    on_breaker_open: DegradationLevel = ruled(DegradationLevel.NONE, OneOf(DegradationLevel))
    alert: str = ruled("", Text(LONGEST_NAME))
    on_alert: DegradationLevel = ruled(DegradationLevel.NONE, OneOf(DegradationLevel))
    fallback_light: str = ruled("", Text(LONGEST_NAME))
    fallback_medium: str = ruled("", Text(LONGEST_NAME))
    fallback_heavy: str = ruled("", Text(LONGEST_NAME))

    def fallback(self, level: DegradationLevel) -> str:
        """The name of the fallback for ``level``; empty when none is named at or below it."""
        named = ("", self.fallback_light, self.fallback_medium, self.fallback_heavy)
        return next((name for name in reversed(named[: level.rank + 1]) if name), "")
