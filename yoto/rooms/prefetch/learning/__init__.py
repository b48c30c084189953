"""Next-step distributions, active hours and surprise: pure mathematics over decayed counts."""

from yoto.rooms.prefetch.learning.counts import Counts, Decay, Tables
from yoto.rooms.prefetch.learning.models import (
    Context,
    Level,
    Population,
    UserModel,
    distribution,
    probabilities,
    probability,
)
from yoto.rooms.prefetch.learning.surprise import hour_probabilities, unusual

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
