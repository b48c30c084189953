"""Forecasts: better than naive where there is structure, silent where there is none."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoto.errors import StoreUnavailable
from yoto.monitor import names, series
from yoto.monitor.backends import Reading
from yoto.monitor.history import Batch, Point
from yoto.monitor.summary import summarise
from yoto.rooms.forecast.answering import answer
from yoto.rooms.forecast.backtest import MOST_SURPRISE, Backtest, quantile, surprise
from yoto.rooms.forecast.forecaster import METRICS, Forecaster, Metric
from yoto.rooms.forecast.forecasting import Forecasting, is_busy
from yoto.rooms.forecast.metric import (
    ALARM,
    LEADS,
    LONGEST_GAP,
    STEP,
    Forecast,
    MetricForecaster,
    NoForecast,
)
from yoto.rooms.forecast.snapshot import ForecastSnapshot, LearnRequest

START = 1_700_000_040
FLOATS = st.floats(-1e6, 1e6)


def fed(shape: Callable[[int], float], steps: int = 400, **bounds: float) -> MetricForecaster:
    forecaster = MetricForecaster("metric", **bounds)
    for step in range(steps):
        forecaster.learn(START + step * STEP, shape(step))
    return forecaster


def noise(seed: int, size: float = 5.0) -> Callable[[int], float]:
    source = random.Random(seed)
    return lambda step: source.gauss(0, size)


@pytest.mark.parametrize("seed", range(3))
def test_noise_around_a_level_is_foretold_better_than_by_its_last_value(seed: int) -> None:
    chance = noise(seed)
    found = fed(lambda step: 100 + chance(step)).forecast()
    assert isinstance(found, Forecast)
    assert found.ratio < 0.9
    assert all(abs(value - 100) < 8 for value in found.values)


@pytest.mark.parametrize("seed", range(3))
def test_a_trend_goes_on(seed: int) -> None:
    chance = noise(seed, 1.0)
    found = fed(lambda step: 100 + step + chance(step)).forecast()
    assert isinstance(found, Forecast)
    assert found.values[-1] - found.values[0] == pytest.approx(LEADS - 1, abs=1)
    assert found.values[0] == pytest.approx(500, abs=4)


@pytest.mark.parametrize("seed", range(3))
def test_an_hourly_season_comes_again(seed: int) -> None:
    chance = noise(seed, 2.0)
    forecaster = fed(lambda s: 100 + 40 * math.sin(math.tau * s / 60) + chance(s), steps=600)
    found = forecaster.forecast()
    assert isinstance(found, Forecast) and found.model.startswith("hour")
    assert found.ratio < 0.6


@pytest.mark.parametrize("seed", range(5))
def test_of_a_random_walk_nothing_is_said(seed: int) -> None:
    chance, place = noise(seed, 1.0), [100.0]

    def walk(step: int) -> float:
        place[0] += chance(step)
        return place[0]

    found = fed(walk).forecast()
    assert isinstance(found, NoForecast) and found.reason == "naive"


def test_before_it_is_tested_nothing_is_said() -> None:
    found = fed(lambda step: 1.0 * step, steps=20).forecast()
    assert isinstance(found, NoForecast) and found.reason == "history"
    # A constant series cannot be foretold better than by its last value.
    silent = fed(lambda step: 7.0).forecast()
    assert isinstance(silent, NoForecast) and silent.reason == "naive"


@pytest.mark.parametrize("seed", range(3))
def test_nine_in_ten_values_lie_in_the_interval(seed: int) -> None:
    chance = noise(seed)
    forecaster = fed(lambda step: 100 + chance(step), steps=300)
    inside = total = 0
    for step in range(300, 600):
        said = forecaster.forecast()
        value = 100 + chance(step)
        if isinstance(said, Forecast):
            total += 1
            inside += said.lower[0] <= value <= said.upper[0]
        forecaster.learn(START + step * STEP, value)
    assert total > 250
    assert 0.82 < inside / total < 0.97


def test_a_spike_and_a_shift_are_found_and_noise_is_not() -> None:
    chance = noise(1)

    def shape(step: int) -> float:
        spike = 80 if step == 200 else 0
        return 100 + chance(step) + spike + (60 if step >= 300 else 0)

    forecaster = fed(shape)
    found = [(one.at - START) // STEP for one in forecaster.anomalies]
    assert 200 in found and 300 in found
    assert all(200 <= one < 215 or 300 <= one < 315 for one in found)
    assert all(one.score > ALARM for one in forecaster.anomalies)


def test_errors_of_another_size_are_another_time() -> None:
    small, large = noise(1, 1.0), noise(2, 8.0)
    forecaster = fed(lambda step: 100 + (small(step) if step < 300 else large(step)), steps=600)
    assert [one for one in forecaster.drifts if 300 <= (one.at - START) // STEP < 400]
    always = noise(3)
    assert not fed(lambda step: 100 + always(step), steps=600).drifts


def test_what_cannot_be_is_not_foretold() -> None:
    chance = noise(4, 0.05)
    found = fed(lambda step: min(1.0, max(0.0, 0.98 + chance(step))), low=0.0, high=1.0).forecast()
    assert isinstance(found, Forecast)
    assert all(0 <= one <= 1 for one in (*found.values, *found.lower, *found.upper))


@settings(max_examples=25)
@given(st.lists(st.one_of(FLOATS, st.just(0.0)), max_size=130))
def test_no_values_break_it(values: list[float]) -> None:
    forecaster = MetricForecaster("metric")
    for step, value in enumerate(values):
        forecaster.learn(START + step * STEP, value)
        said = forecaster.forecast()
        if isinstance(said, Forecast):
            assert all(map(math.isfinite, (*said.values, *said.lower, *said.upper)))
        assert forecaster.score is None or 0 <= forecaster.score <= MOST_SURPRISE
    whole = Forecaster({"metric": Metric(lambda one: one.request_rate, "per_second")})
    empty = summarise(minute(0, 0))
    told = [
        replace(empty, at=START + step * STEP, request_rate=value)
        for step, value in enumerate(values)
    ]
    thought = answer(whole, LearnRequest(told))
    assert msgspec.json.decode(msgspec.json.encode(thought), type=ForecastSnapshot) == thought


def test_one_burst_of_what_is_quiet_is_an_anomaly_with_a_number() -> None:
    forecaster = fed(lambda step: 5.0 if step == 80 else 0.0)
    (found,) = forecaster.anomalies
    assert (found.at, found.until) == (START + 80 * STEP, START + 80 * STEP)
    assert (found.value, found.expected) == (5, 0) and ALARM < found.score < MOST_SURPRISE


def test_short_gaps_are_bridged_and_long_ones_begin_anew() -> None:
    forecaster = fed(lambda step: 100.0 + step, steps=200)
    last = START + 199 * STEP
    assert not forecaster.learn(last, 5.0)
    assert forecaster.learn(last + LONGEST_GAP * STEP, 100.0 + 199 + LONGEST_GAP)
    said = forecaster.forecast()
    assert isinstance(said, Forecast) and said.values[0] == pytest.approx(330, abs=3)
    forecaster.learn(last + (2 * LONGEST_GAP + 1) * STEP, 1.0)
    silent = forecaster.forecast()
    assert isinstance(silent, NoForecast) and silent.reason == "history"


@given(st.lists(FLOATS, min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_the_values(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert ordered[0] <= quantile(ordered, share) <= ordered[-1] or len(set(ordered)) == 1


@given(st.lists(FLOATS, min_size=1), FLOATS)
def test_surprise_is_none_in_the_middle_and_grows_outwards(
    errors: list[float], level: float
) -> None:
    farthest = max(map(abs, errors)) + 1
    outside, further = (surprise(farthest * by, errors, level) for by in (2, 4))
    assert 0 <= outside <= further <= MOST_SURPRISE


def test_whatever_follows_a_series_of_nothing_is_a_finite_surprise() -> None:
    assert surprise(1.0, [0.0] * 30, 0.0) == MOST_SURPRISE
    assert surprise(5e-324, [0.0] * 30, 0.0) < ALARM


def test_a_backtest_compares_with_the_naive_forecast() -> None:
    backtest = Backtest(leads=2)
    assert backtest.ratio() is None and backtest.margins(1, 0.9) is None
    for step in range(50):
        backtest.observe(step, float(step))
        # Half of the way of a naive forecast, at either lead.
        backtest.forecast(step, float(step), [step + 0.5, step + 1.0])
    assert backtest.ratio() == pytest.approx(0.5)
    assert backtest.margins(2, 0.9) == (1.0, 1.0)
    assert backtest.tests == 49


def minute(number: int, requests: int) -> Point:
    from yoto.monitor import names, series

    point = Point(START - START % 60 + number * 60, 60)
    point.counters[series(names.REQUESTS, {"status": "2xx"})] = requests
    return point


def test_the_platforms_metrics_are_learned_from_summaries_once() -> None:
    forecaster, chance = Forecaster(), noise(5)
    assert {one.reason for one in forecaster.forecasts().values()} == {"history"}
    summaries = [summarise(minute(n, 6000 + int(60 * chance(n)))) for n in range(200)]
    report = forecaster.learn(summaries)
    assert (report.summaries, report.new, report.values["request_rate"]) == (200, 200, 200)
    assert "request_rate" in report.offered
    # Nobody measured these, so nothing was learned, not zeros.
    assert report.values["hit_rate"] == report.values["request_p95_ms"] == 0
    assert report.silent["hit_rate"] == "history"
    again = forecaster.learn(summaries)
    assert (again.summaries, again.new, again.values["request_rate"]) == (200, 0, 0)
    said = forecaster.forecasts()["request_rate"]
    assert isinstance(said, Forecast) and said.values[0] == pytest.approx(100, abs=10)
    odd = replace(summaries[-1], at=summaries[-1].at + 60, request_rate=900.0)
    forecaster.learn([odd])
    score = forecaster.scores()["request_rate"]
    assert score is not None and score > ALARM
    assert [one.metric for one in forecaster.anomalies()][-1:] == ["request_rate"]
    assert forecaster.drifts() == []


def test_history_of_one_worker_alone_is_no_history() -> None:
    reading = Reading([minute(n, 600) for n in range(5)], complete=False)
    forecasting = Forecasting(lambda since, until: reading, lambda: START + 300.0)
    with pytest.raises(StoreUnavailable):
        forecasting.learn_history()
    assert forecasting.forecaster.learned_to is None


def test_history_is_learned_up_to_the_last_whole_minute() -> None:
    asked: list[tuple[float, float]] = []

    def read(since: float, until: float) -> Reading:
        asked.append((since, until))
        return Reading([minute(n, 600) for n in range(5)], complete=True)

    now = START - START % 60 + 330.0
    forecasting = Forecasting(read, lambda: now)
    try:
        report = forecasting.learn_history(hours=2)
    finally:
        forecasting.close()
    assert report.new == 5 and report.seconds >= 0
    assert asked[0] == (now - 7200, now - 30)


def test_who_was_closed_while_it_read_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on, done = threading.Event(), threading.Event(), threading.Event()
    calls: list[float] = []

    def read(since: float, until: float) -> Reading:
        calls.append(since)
        if len(calls) > 1:
            reading.set()
            assert go_on.wait(10)
            done.set()
        return Reading([minute(n, 600) for n in range(len(calls) + 4)], complete=True)

    heard: list[ForecastSnapshot] = []
    forecasting = Forecasting(read, lambda: START - START % 60 + 330.0)
    forecasting.subscribe(heard.append)
    monkeypatch.setattr(forecasting._thread, "stop", partial(forecasting._thread.stop, timeout=0))
    forecasting.learn_history()
    assert [said.learned_to for said in heard] == [minute(4, 0).at]
    assert reading.wait(10)
    thread = next(one for one in threading.enumerate() if one.name == "yoto-forecast")
    forecasting.close()
    go_on.set()
    thread.join(10)
    assert done.is_set() and not thread.is_alive()
    assert forecasting.forecaster._child is None and len(heard) == 1


def test_nothing_but_learning_loads_the_library() -> None:
    code = (
        "import sys, yoto.rooms.forecast.forecaster as m\n"
        "f = m.Forecaster(); f.forecasts(); f.anomalies()\n"
        "sys.exit('loaded' if 'river' in sys.modules else 0)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr


def test_who_watches_the_platform_does_not_use_it() -> None:
    def asked(*areas: str) -> Point:
        point = Point(0, 60)
        for area in areas:
            point.add(Batch({series(names.REQUESTS, {"area": area, "status": "2xx"}): 4}))
        return point

    assert not is_busy(asked()) and not is_busy(asked("health"))
    assert is_busy(asked("health", "channels"))
    checked = Point(0, 60)
    checked.add(Batch({series(names.CHECKS, {"result": "allowed"}): 1}))
    assert is_busy(checked)


def test_nothing_forecasts_where_nobody_did_anything() -> None:
    requests = [0] * 5
    now = START - START % 60 + 330.0
    said: list[ForecastSnapshot] = []

    def read(since: float, until: float) -> Reading:
        points = [minute(n, count) for n, count in enumerate(requests)]
        return Reading([one for one in points if since <= one.at < until], complete=True)

    forecasting = Forecasting(read, lambda: now)
    forecasting.subscribe(said.append)
    try:
        report = forecasting.learn_history()
        assert (report.summaries, report.new) == (5, 0)
        assert set(report.silent) == set(METRICS)
        assert forecasting.forecaster._child is None and not said
        # Somebody comes: the history is learned.
        requests.append(600)
        now += 60
        forecasting._turn()
        assert forecasting.forecaster._child is not None
        assert said[-1].learned_to == minute(5, 0).at
        # An hour without anybody.
        requests += [0] * 62
        now += 62 * 60
        forecasting._turn()
        assert forecasting.forecaster._child is None
        assert said[-1].learned_to is None and not said[-1].offered
    finally:
        forecasting.close()
