"""Next-step distributions, active hours and surprise: pure mathematics over decayed counts."""

from app.core.prefetch.learning.counts import Counts, Decay, Tables
from app.core.prefetch.learning.mixing import (
    Level,
    distribution,
    probabilities,
    probability,
)
from app.core.prefetch.learning.models import Context, Population, UserModel
from app.core.prefetch.learning.surprise import hour_probabilities, unusual

__all__ = [
    "Context",
    "Counts",
    "Decay",
    "Level",
    "Population",
    "Tables",
    "UserModel",
    "distribution",
    "hour_probabilities",
    "probabilities",
    "probability",
    "unusual",
]
