"""The load of a recording: the requests of each of its seconds. Pure.

It has parts that a forecaster can learn (a trend, a wave that comes back), parts that it must get
over (a level that suddenly changes, noise), and two disturbances that it should notice.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

# Requests a second, where the recording begins, and how many more there are at its end.
BASE, GROWTH = 24.0, 8.0
# The wave comes back after so many steps, as the jobs of each hour do.
WAVE_STEPS, WAVE = 60, 10.0
NOISE = 1.5  # requests a second, standard deviation
# From this share of the recording on, so many more come.
SHIFT_AT, SHIFT = 0.6, 14.0
# Changes of a person's roles, a second: each invalidates the memory about them. Their wave is ahead
# of the other.
CHANGES, CHANGES_WAVE = 1.5, 1.2
# Disturbances: their share of the recording, their seconds, and the load meanwhile.
RUSH_AT, FLOOD_AT, DISTURBED = 0.45, 0.85, 4
RUSH, FLOOD = 3.0, 15.0


@dataclass(frozen=True, slots=True)
class Planted:
    """An anomaly that a forecaster should notice.

    Attributes:
        at: step at which it begins.
        what: its kind.
        metrics: the metrics in which it shows.
    """

    at: int
    what: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """The load of one second: requests that look, and changes of roles."""

    requests: int
    changes: int


def planted(seconds: int) -> tuple[Planted, ...]:
    """The anomalies of a recording of that length."""
    rates = ("request_rate", "decision_rate")
    return (
        Planted(int(RUSH_AT * seconds), "three times the requests", rates),
        Planted(int(SHIFT_AT * seconds), "another level", rates),
        Planted(int(FLOOD_AT * seconds), "a flood of changes", ("hit_rate",)),
    )


def schedule(seconds: int, seed: int) -> list[Second]:
    """Each second of a recording; the same for the same seed."""
    chance = random.Random(seed)
    rush, flood = (int(share * seconds) for share in (RUSH_AT, FLOOD_AT))
    made = []
    for step in range(seconds):
        turn = math.tau * step / WAVE_STEPS
        rate = BASE + GROWTH * step / seconds + WAVE * math.sin(turn) + chance.gauss(0, NOISE)
        if step >= SHIFT_AT * seconds:
            rate += SHIFT
        if rush <= step < rush + DISTURBED:
            rate *= RUSH
        changes = CHANGES + CHANGES_WAVE * math.sin(turn + 1)
        if flood <= step < flood + DISTURBED:
            changes += FLOOD
        made.append(Second(max(1, round(rate)), _whole(changes, chance)))
    return made


def _whole(value: float, chance: random.Random) -> int:
    """A whole number that is ``value`` on average."""
    return math.floor(value + chance.random())
