"""Forecasts of the next minutes: the elected worker's newest one, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal, TypeAlias, TypedDict, cast

import marshmallow as ma
from flask import current_app
from marshmallow.validate import OneOf

from yoto.auth.operators import VIEW
from yoto.http.operation import Command, Subject
from yoto.moments import Epoch, moment
from yoto.monitor.extension import Monitor

from .board import forecast_board
from .forecaster import METRICS
from .metric import Forecast
from .snapshot import ForecastReport, ForecastSnapshot

STEP = 60  # s
LATEST = 10  # anomalies, and drifts, that a terminal shows
UNITS = sorted({metric.unit for metric in METRICS.values()})

# No worker has made a forecast within a day, or the last one is too old.
Unknown: TypeAlias = Literal["nobody", "old"]
# The forecaster's own reasons for silence, and a metric that is no longer measured.
Silent: TypeAlias = Literal["history", "naive", "unmeasured"]
Unit = Annotated[str, partial(ma.fields.String, metadata={"examples": UNITS})]

UNKNOWN: dict[Unknown, str] = {
    "nobody": "no worker has made one within a day",
    "old": "the forecasting worker has stopped reporting",
}
SILENT: dict[Silent, str] = {
    "history": "not enough data yet",
    "naive": "nothing is better than the last value",
    "unmeasured": "not measured now",
}

forecasts = Subject(
    "forecasts",
    "/forecasts",
    "What is expected, and what was not as expected",
    "forecast",
    "control",
)


class ForecastMinute(TypedDict):
    """The forecast of one minute; nine in ten real values lie from ``lower`` to ``upper``."""

    at: Epoch
    value: float
    lower: float
    upper: float


class MetricForecast(TypedDict):
    """The forecast of one metric, in its unit, or the reason why there is none."""

    metric: Annotated[str, OneOf(tuple(METRICS))]
    unit: Unit
    level: Annotated[float | None, "The last minute that was measured; null: none was"]
    level_at: Epoch | None
    trend: Annotated[float | None, "A minute, over the minutes foretold; null: nothing is said"]
    score: Annotated[
        float | None, "How far the last minute was off, in standard deviations; null: unknown"
    ]
    silent: Annotated[
        Silent | None,
        "Why nothing is said: too little history, nothing is better than the last value (naive), "
        "or it is not measured now; null: a forecast is offered",
    ]
    model: str | None
    ratio: Annotated[
        float | None, "Error over that of the naive forecast, lately; null: not tested yet"
    ]
    tests: int
    minutes: list[ForecastMinute]


class Anomaly(TypedDict):
    """Consecutive minutes that were not as expected; value and score are those of the worst."""

    metric: str
    unit: Unit
    at: Epoch
    until: Epoch
    value: float
    expected: float
    score: Annotated[float, "In standard deviations of the error"]


class Drift(TypedDict):
    """A moment from which the metric is harder, or easier, to forecast than before."""

    metric: str
    at: Epoch


class Forecasts(TypedDict):
    """The newest forecast of the elected worker. Unknown: no forecast holds now."""

    state: Literal["known", "unknown"]
    reason: Annotated[Unknown | None, "Why it is unknown: no report within a day, or no recent one"]
    said_at: Epoch | None
    instance: str | None
    learned_to: Annotated[Epoch | None, "When the last minute began"]
    metrics: list[MetricForecast]
    anomalies: Annotated[list[Anomaly], "Newest first"]
    drifts: Annotated[list[Drift], "Newest first"]


def _lines(found: Forecasts) -> Iterator[str]:
    if found["reason"] is not None:
        yield f"Forecasts are unknown: {UNKNOWN[found['reason']]}."
    if found["said_at"] is not None:
        yield f"Forecast {moment(found['said_at'])} by {found['instance']}."
    for metric in found["metrics"]:
        level = "unknown" if metric["level"] is None else f"{metric['level']:.4g} {metric['unit']}"
        yield f"{metric['metric']:<16} {level:<22} {_expected(metric)}"
    for one in found["anomalies"][:LATEST]:
        yield (
            f"anomaly  {moment(one['at'])}  {one['metric']} was {one['value']:.4g} {one['unit']}, "
            f"expected {one['expected']:.4g} {one['unit']} ({one['score']:.1f} standard deviations)"
        )
    for drift in found["drifts"][:LATEST]:
        yield f"drift    {moment(drift['at'])}  {drift['metric']}"


def _expected(one: MetricForecast) -> str:
    if one["silent"] is not None:
        return f"silent: {SILENT.get(one['silent'], one['silent'])}"
    last, unit = one["minutes"][-1], one["unit"]
    return (
        f"{last['value']:.4g} {unit} at {moment(last['at'])} ({last['lower']:.4g} to "
        f"{last['upper']:.4g}), {one['trend']:+.3g} {unit} a minute; error {one['ratio']:.0%} of "
        f"the naive one's"
    )


@forecasts.operation(
    "GET",
    "",
    VIEW,
    Command(
        "forecast",
        _lines,
        "Show what is expected of the next minutes, and what was not as expected.",
    ),
)
def show_forecasts() -> Forecasts:
    """Forecasts of the next minutes, and the anomalies and drifts of the last day"""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return shown(forecast_board(app).read(), Monitor.of(app).now())


def shown(statement: ForecastReport | None, now: float) -> Forecasts:
    """``statement`` as it holds at ``now``; if it is too old, there are no forecasts. Pure."""
    snapshot = ForecastSnapshot() if statement is None else statement.snapshot
    reason: Unknown | None = None
    if statement is None:
        reason = "nobody"
    elif statement.is_old(now):
        reason = "old"
    return {
        "state": "known" if reason is None else "unknown",
        "reason": reason,
        "said_at": None if statement is None else statement.at,
        "instance": None if statement is None else statement.instance,
        "learned_to": snapshot.learned_to,
        "metrics": [] if reason else [_metric(name, snapshot, now) for name in METRICS],
        "anomalies": [
            {
                "metric": one.metric,
                "unit": _unit(one.metric),
                "at": one.at,
                # The minute that began at ``until`` is part of the anomaly.
                "until": one.until + STEP,
                "value": one.value,
                "expected": one.expected,
                "score": one.score,
            }
            for one in reversed(snapshot.anomalies)
        ],
        "drifts": [{"metric": one.metric, "at": one.at} for one in reversed(snapshot.drifts)],
    }


def _metric(name: str, snapshot: ForecastSnapshot, now: float) -> MetricForecast:
    last, offered, silent = (
        snapshot.lasts.get(name),
        snapshot.offered.get(name),
        snapshot.silent.get(name),
    )
    found: MetricForecast = {
        "metric": name,
        "unit": METRICS[name].unit,
        "level": None,
        "level_at": None,
        "score": None,
        "silent": "unmeasured",
        "trend": None,
        "model": None,
        "ratio": None,
        "tests": 0,
        "minutes": [],
    }
    if last is not None:
        found |= {"level": last.value, "level_at": last.at}
        # The score of an older minute says nothing about now.
        found["score"] = snapshot.scores.get(name) if last.at == snapshot.learned_to else None
    if offered is not None:
        found |= {"ratio": offered.ratio, "tests": offered.tests}
        minutes = [one for one in _minutes(offered) if one["at"] + STEP > now]
        if minutes:
            values = offered.values
            trend = (values[-1] - values[0]) / (len(values) - 1)
            found |= {"silent": None, "trend": trend, "model": offered.model, "minutes": minutes}
    elif silent is not None:
        # A worker of another version may have other reasons.
        found["silent"] = cast(Silent, silent.reason)
        found |= {"ratio": silent.ratio, "tests": silent.tests}
    return found


def _minutes(offered: Forecast) -> Iterator[ForecastMinute]:
    ranges = zip(offered.values, offered.lower, offered.upper, strict=True)
    for number, (value, lower, upper) in enumerate(ranges, start=1):
        at = offered.made_at + number * STEP
        yield {"at": at, "value": value, "lower": lower, "upper": upper}


def _unit(metric: str) -> str:
    # A worker of another version may measure more.
    known = METRICS.get(metric)
    return "count" if known is None else known.unit
