"""Series whose nature is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from benchmarks.forecast.backtest import Outcome, backtest
from yoto.rooms.forecast.metric import MetricForecaster

MINUTES = 3 * 1440
# Steps without anomalies that do not count: the forecaster begins.
WARM_UP = 180
SPIKES = 12
NOISE = 5.0

Shape = Callable[[int, random.Random], float]


def noise(step: int, chance: random.Random) -> float:
    """A level and nothing else."""
    return 100 + chance.gauss(0, NOISE)


def trend(step: int, chance: random.Random) -> float:
    """Growth by 0.2 a minute."""
    return 100 + 0.2 * step + chance.gauss(0, NOISE)


def hourly(step: int, chance: random.Random) -> float:
    """A wave of an hour, as of a job that runs once an hour."""
    return 100 + 40 * math.sin(math.tau * step / 60) + chance.gauss(0, NOISE)


def daily(step: int, chance: random.Random) -> float:
    """A wave of a day, as of people who sleep."""
    return 200 + 120 * math.sin(math.tau * step / 1440) + chance.gauss(0, NOISE)


def daily_quiet(step: int, chance: random.Random) -> float:
    """As ``daily``, nearly without noise: the last value is hard to beat, its direction is
    known."""
    return 200 + 120 * math.sin(math.tau * step / 1440) + chance.gauss(0, NOISE / 50)


def shifts(step: int, chance: random.Random) -> float:
    """A level that is another one each day."""
    return (100, 160, 80)[step // 1440 % 3] + chance.gauss(0, NOISE)


def busier(step: int, chance: random.Random) -> float:
    """Noise that is four times as large from the second day on."""
    return 100 + chance.gauss(0, NOISE * (4 if step >= 1440 else 1))


def walk() -> Shape:
    """A random walk: nothing beats its last value."""
    place = [1000.0]

    def step_on(step: int, chance: random.Random) -> float:
        place[0] += chance.gauss(0, 1)
        return place[0]

    return step_on


SERIES: dict[str, tuple[Shape, bool, tuple[int, ...]]] = {
    # A shape, whether spikes are planted, and the steps of its own breaks, which should be found.
    "noise": (noise, True, ()),
    "trend": (trend, True, ()),
    "hourly season": (hourly, True, ()),
    "daily season": (daily, True, ()),
    "daily, quiet": (daily_quiet, True, ()),
    "level shifts": (shifts, False, (1440, 2880)),
    "four times the noise": (busier, False, ()),
    "random walk": (walk(), True, ()),
}


def run(name: str, seed: int = 1) -> Outcome:
    """Feed one series."""
    shape, spiked, breaks = SERIES[name]
    chance = random.Random(seed)
    spikes = set()
    if spiked:
        length = (MINUTES - WARM_UP) // SPIKES
        spikes = {WARM_UP + n * length + chance.randrange(length // 2) for n in range(SPIKES)}
    values = []
    for step in range(MINUTES):
        value = shape(step, chance)
        if step in spikes:
            value += chance.choice((-1, 1)) * 12 * NOISE
        values.append(value)
    return backtest(MetricForecaster(name), values, sorted({*spikes, *breaks}), WARM_UP)
