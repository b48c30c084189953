"""Settings of applying suggestions."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import of


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """Settings of the tuner.

    Attributes:
        auto: whether suggestions are applied automatically.
        confidence: how sure one must be for that, 0 to 1.
        window: seconds that are compared before and after a change.
    """

    auto: bool = of("TUNING_AUTO")
    confidence: float = of("TUNING_CONFIDENCE")
    window: float = of("TUNING_WINDOW")
