"""Applies suggestions to the whole fleet, and reverts harmful ones."""

from .outcomes import TuningOutcome, TuningResult
from .trial import outcome_of
from .tuner import Tuner, TuningSettings

__all__ = [
    "TuningOutcome",
    "TuningResult",
    "Tuner",
    "TuningSettings",
    "outcome_of",
]
