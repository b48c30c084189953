"""Computes a risk score from a user's recent actions, with its parts.

The weights are a judgement, not a measurement: a forgotten password alone stays far below the limit
of the default policies, guessing together with being refused everywhere passes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HIGHEST = 100.0
# Points for each, and at most.
FAILED_SIGN_IN, FAILED_SIGN_INS_MAX = 6.0, 40.0
DENIAL, DENIALS_MAX = 2.0, 30.0
# Acts that a busy person does within the memory of the counter, about a minute and a half.
BUSY_ACTS = 30.0
ACT, VELOCITY_MAX = 1.0, 30.0
# Acts that must be known before an hour can be unusual, and the share of them that makes one usual.
KNOWN_ACTS, USUAL_SHARE = 30.0, 0.02
UNUSUAL_HOUR = 20.0
NEW_ACCOUNT, NEW_ACCOUNT_DAYS = 10.0, 1.0
# Points for the most unusual behaviour: like an unusual hour, no reason by itself.
UNUSUAL_BEHAVIOUR = 20.0

HOURS = 24


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A user's actions, as decayed counts.

    Attributes:
        failed_sign_ins: from the network that they are in; half-life a quarter of an hour.
        denials: half-life a quarter of an hour.
        acts: requests that change something, without moderation; half-life a minute.
        hours: acts by hour of the day in UTC, 0 to 23; half-life two weeks.
        hour: the hour it is now.
    """

    failed_sign_ins: float = 0.0
    denials: float = 0.0
    acts: float = 0.0
    hours: Mapping[int, float] | None = None
    hour: int = 0


@dataclass(frozen=True, slots=True)
class Risk:
    """``score`` is the sum of ``parts``, at most 100."""

    score: float
    parts: Mapping[str, float]


def risk_of(behaviour: Behaviour, account_age_days: float, unusual: float | None = None) -> Risk:
    """The risk in allowing a user an important action.

    Args:
        unusual: the distance between present and usual behaviour, 0 to 1; None: unknown, and then
            the part is missing.
    """
    beyond = max(0.0, behaviour.acts - BUSY_ACTS)
    parts = {
        "failed_sign_ins": min(FAILED_SIGN_INS_MAX, FAILED_SIGN_IN * behaviour.failed_sign_ins),
        "denials": min(DENIALS_MAX, DENIAL * behaviour.denials),
        "velocity": min(VELOCITY_MAX, ACT * beyond),
        "unusual_hour": UNUSUAL_HOUR if _is_unusual(behaviour) else 0.0,
        "new_account": NEW_ACCOUNT if account_age_days < NEW_ACCOUNT_DAYS else 0.0,
    }
    if unusual is not None:
        parts["unusual_behaviour"] = UNUSUAL_BEHAVIOUR * unusual
    parts = {name: round(points, 2) for name, points in parts.items()}
    return Risk(round(min(HIGHEST, sum(parts.values())), 2), parts)


def _is_unusual(behaviour: Behaviour) -> bool:
    hours = behaviour.hours or {}
    known = sum(hours.values())
    if known < KNOWN_ACTS:
        return False
    near = sum(hours.get((behaviour.hour + step) % HOURS, 0.0) for step in (-1, 0, 1))
    return near / known < USUAL_SHARE
