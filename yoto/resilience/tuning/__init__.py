"""Applies suggestions to the whole fleet, and reverts harmful ones."""

from .outcomes import TuningOutcome, TuningResult
from .settings import TuningSettings
from .trial import outcome_of
from .tuner import Tuner

__all__ = [
    "TuningOutcome",
    "TuningResult",
    "Tuner",
    "TuningSettings",
    "outcome_of",
]
