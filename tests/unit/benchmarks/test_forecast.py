"""The forecaster on what the monitor measured in a real run."""

from __future__ import annotations

import json

import pytest

from benchmarks.forecast import recorded
from benchmarks.forecast.load import planted, schedule
from benchmarks.forecast.recorded import RUN, Recording
from yoto.rooms.forecast.forecaster import METRICS
from yoto.rooms.forecast.metric import LEADS, STEP, Forecast, MetricForecaster

LEAST_STEPS = 600
# Metrics that the load gives a shape, and the error over the naive one's that they must stay below.
SHAPED = {"request_rate": 0.9, "decision_rate": 0.9, "hit_rate": 0.95, "request_p95_ms": 0.9}


@pytest.fixture(scope="module")
def run() -> Recording:
    return recorded.load()


def test_the_recording_is_whole_and_says_how_it_was_made(run: Recording) -> None:
    assert run.series.keys() == METRICS.keys() and run.seconds >= LEAST_STEPS
    assert all(len(values) == run.seconds for values in run.series.values())
    known = [value for value in run.series["request_rate"] if value is not None]
    assert len(known) > 0.95 * run.seconds
    assert run.planted == planted(run.seconds)
    assert "--record" in json.loads(RUN.read_bytes())["how"]
    assert RUN.stat().st_size < 100_000


@pytest.mark.parametrize("name", SHAPED)
def test_something_is_offered_and_it_beats_the_naive_forecast(run: Recording, name: str) -> None:
    values = run.series[name]
    forecaster = MetricForecaster(name, METRICS[name].low, METRICS[name].high)
    own, naive, offers = [], [], 0
    for step, value in enumerate(values):
        if value is None:
            continue
        forecaster.learn(step * STEP, value)
        said = forecaster.forecast()
        if not isinstance(said, Forecast):
            continue
        offers += 1
        # The naive forecast is the value that was just seen, by the recording itself.
        for lead, came in enumerate(values[step + 1 : step + 1 + LEADS]):
            if came is not None:
                own.append(abs(came - said.values[lead]))
                naive.append(abs(came - value))
    assert offers > 0.3 * run.seconds
    ratio = sum(own) / sum(naive)
    assert ratio < SHAPED[name]
    # The tables of the benchmark say the same.
    assert recorded.run(run, name).ratio == pytest.approx(ratio, abs=0.006)


def test_the_rush_is_noticed(run: Recording) -> None:
    rush = run.planted[0].at
    only = Recording(run.seconds, run.planted[:1], run.series)
    assert rush and recorded.run(only, "request_rate").found == 1


def test_the_load_is_the_same_for_the_same_seed_and_has_what_is_planted() -> None:
    made = schedule(600, 3)
    assert made == schedule(600, 3) != schedule(600, 4)
    rush, shift, flood = (one.at for one in planted(600))
    assert made[rush].requests > 2 * made[rush - 1].requests
    assert made[flood].changes > 10 > made[flood - 1].changes
    before, after = (sum(one.requests for one in made[at : at + 60]) for at in (shift - 60, shift))
    assert after > before + 60 * 10
