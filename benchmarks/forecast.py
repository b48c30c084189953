"""How good forecasts are, on series whose nature is known.

``python -m benchmarks forecast [--json FILE]`` makes three days of minutes of each shape, with
levels, trends, seasons, shifts and noise, plants spikes in them, and lets the forecaster learn one
minute after the other. For each it prints the error of the forecasts that were offered over that of
the naive one (the last value stays), for what share of the minutes one was offered, how many values
lay in the interval, which of the planted anomalies were found, and what else was called one.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.monitor import Forecast
from app.core.monitor.forecast.metric import LEADS, STEP, MetricForecaster

MINUTES = 3 * 1440
# Where nobody plants anything and nothing counts: the forecaster begins.
WARM_UP = 180
SPIKES = 12
# Minutes after a planted one in which an alarm is about it.
AFTERMATH = 15
NOISE = 5.0

Shape = Callable[[int, random.Random], float]


@dataclass
class Outcome:
    """One series.

    Attributes:
        ratio: mean absolute error of the offered forecasts over the naive one's; None: none was.
        offered: share of the minutes with an offer.
        covered: share of the next values inside the interval.
        planted, found: anomalies put in, and those that were noticed.
        false_alarms: alarms about nothing that was put in.
        drifts: changes of nature that were noticed.
    """

    series: str
    ratio: float | None
    offered: float
    covered: float | None
    planted: int
    found: int
    false_alarms: int
    drifts: int


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
    """The same, nearly without noise: the last value is hard to beat, its direction is known."""
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
    # Shape, whether spikes are planted, and where the shape itself has breaks to be found.
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
    forecaster = MetricForecaster(name)
    spikes = set()
    if spiked:
        length = (MINUTES - WARM_UP) // SPIKES
        spikes = {WARM_UP + n * length + chance.randrange(length // 2) for n in range(SPIKES)}
    planted = sorted({*spikes, *breaks})
    paths: dict[int, tuple[float, Forecast]] = {}
    own = naive = 0.0
    offered = inside = compared = 0
    alarms: list[int] = []
    for step in range(MINUTES):
        value = shape(step, chance)
        if step in spikes:
            value += chance.choice((-1, 1)) * 12 * NOISE
        for lead in range(1, LEADS + 1):
            if (made := paths.get(step - lead)) is not None:
                own += abs(value - made[1].values[lead - 1])
                naive += abs(value - made[0])
        if (made := paths.get(step - 1)) is not None:
            compared += 1
            inside += made[1].lower[0] <= value <= made[1].upper[0]
        before = len(forecaster.anomalies)
        forecaster.learn(step * STEP, value)
        alarms += [one.at // STEP for one in list(forecaster.anomalies)[before:]]
        said = forecaster.forecast()
        if isinstance(said, Forecast):
            offered += step >= WARM_UP
            paths[step] = value, said
        paths.pop(step - LEADS, None)
    found = sum(any(at <= alarm < at + AFTERMATH for alarm in alarms) for at in planted)
    false = [one for one in alarms if not any(at <= one < at + AFTERMATH for at in planted)]
    return Outcome(
        name,
        round(own / naive, 2) if naive else None,
        round(offered / (MINUTES - WARM_UP), 2),
        round(inside / compared, 2) if compared else None,
        len(planted),
        found,
        len(false),
        len(forecaster.drifts),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Forecasts against the naive one.")
    parser.add_argument("--json", type=Path, help="also write the outcomes here")
    options = parser.parse_args()
    outcomes = [run(name) for name in SERIES]
    print(f"{MINUTES} minutes a series; error over the naive one's, up to {LEADS} minutes ahead")
    heads = ("error", "offered", "in 90 %", "found", "false", "drifts")
    print(f"{'series':22}" + "".join(f"{head:>9}" for head in heads))
    for one in outcomes:
        error = "none" if one.ratio is None else f"{one.ratio:.2f}"
        covered = "" if one.covered is None else f"{one.covered:.2f}"
        found = f"{one.found}/{one.planted}"
        print(
            f"{one.series:22}{error:>9}{one.offered:>9.2f}{covered:>9}{found:>9}"
            f"{one.false_alarms:>9}{one.drifts:>9}"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in outcomes], indent=2))


if __name__ == "__main__":
    main()
