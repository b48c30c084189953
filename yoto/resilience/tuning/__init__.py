"""Applies suggestions to the whole fleet, and takes back what did harm."""

from .events import TuningApplied, TuningKept, TuningReverted
from .outcomes import TuningOutcome
from .settings import TuningSettings
from .trial import Trial, outcome_of
from .tuner import Tuner

__all__ = [
    "TuningOutcome",
    "Trial",
    "Tuner",
    "TuningApplied",
    "TuningKept",
    "TuningReverted",
    "TuningSettings",
    "outcome_of",
]
