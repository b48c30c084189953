"""How unusual a user's action is now, from 0 (usual) to 1. Pure.

The surprise of an outcome is ``-log2 P`` bits (Shannon 1948), and the mean surprise of a user's own
behaviour is its entropy. The measure is the excess of the surprise of an action and its hour over
the mean surprise of the user's actions and hours: for a user who does a hundred things equally
often, none of them is a surprise.

The probability of an action is ``(c + k * p) / (n + k)`` as in ``mixing``, with p its share among
all users' actions; one that no user is known to do gets the share of one action more. An hour
counts with half of the hours beside it, over a flat prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from yoto.rooms.prefetch.learning.models import HOURS, Model, UserAction, UserModel, hour_of

# Present actions that must be known of a user before anything can be unusual for them.
KNOWN_ACTIVITIES = 30.0
# Actions that the prior weighs: habits show after about so many.
ACTIVITY_PRIOR, HOUR_PRIOR = 4.0, 4.0
# Bits above the average that are negligible: an action that a user takes once in a hundred times is
# still usual.
TOLERANCE = 4.0
# Further bits that halve the distance to 1.
HALVING = 3.0
# Parts of an hour's weight: the hour before, itself, the hour after.
SMOOTHING = (0.25, 0.5, 0.25)


def unusual(user: UserModel, everybody: Model, activity: UserAction, now: float) -> float | None:
    """How unusual ``activity`` is for ``user`` at ``now`` (epoch s), 0 to 1; None: unknown yet.

    It never falls when the action or the hour becomes less likely.
    """
    known = user.activities.total / user.decay.scale(now)
    if known < KNOWN_ACTIVITIES:
        return None
    activities = activity_probabilities(user, everybody, now)
    unknown = activities.pop(None)
    hours = hour_probabilities(user, now)
    bits = _bits(activities.get(activity, unknown)) + _bits(hours[hour_of(now)])
    usual = _entropy([*activities.values(), unknown]) + _entropy(hours)
    missing: float = 2.0 ** (-max(0.0, bits - usual - TOLERANCE) / HALVING)
    return 1.0 - missing


def activity_probabilities(
    user: Model, everybody: Model, now: float
) -> dict[UserAction | None, float]:
    """The probability of each known action of any user, and of all others together (None).

    The sum is 1.
    """
    scale, all_scale = user.decay.scale(now), everybody.decay.scale(now)
    known = user.activities.total / scale
    everything = everybody.activities.total / all_scale + 1.0
    found: dict[UserAction | None, float] = {
        activity: (
            user.activities.weights.get(activity, 0.0) / scale
            + ACTIVITY_PRIOR
            * everybody.activities.weights.get(activity, 0.0)
            / all_scale
            / everything
        )
        / (known + ACTIVITY_PRIOR)
        for activity in {**everybody.activities.weights, **user.activities.weights}
    }
    found[None] = ACTIVITY_PRIOR / everything / (known + ACTIVITY_PRIOR)
    return found


def hour_probabilities(user: Model, now: float) -> list[float]:
    """The probability of each hour of the day, 0 to 23 in UTC."""
    scale = user.decay.scale(now)
    weights: Mapping[int, float] = user.hours.weights
    before, itself, after = SMOOTHING
    total = user.hours.total / scale + HOUR_PRIOR
    return [
        (
            before * weights.get((hour - 1) % HOURS, 0.0) / scale
            + itself * weights.get(hour, 0.0) / scale
            + after * weights.get((hour + 1) % HOURS, 0.0) / scale
            + HOUR_PRIOR / HOURS
        )
        / total
        for hour in range(HOURS)
    ]


def _bits(probability: float) -> float:
    return -math.log2(probability)


def _entropy(probabilities: list[float]) -> float:
    return sum(one * _bits(one) for one in probabilities if one > 0)
