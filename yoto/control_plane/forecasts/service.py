"""Forecasts as operators see them: what the elected worker said last, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app

from yoto.monitor import FORECAST_METRICS, Anomaly, Drift, Forecast, Monitor, Said, Statement
from yoto.wiring import forecast_board

KNOWN, UNKNOWN = "known", "unknown"
# Why nothing is known: nobody has said anything within a day, or nobody did lately.
NOBODY, OLD = "nobody", "old"
# Why a metric is silent, beside the forecaster's own reasons: nobody measures it any more.
UNMEASURED = "unmeasured"
STEP = 60  # s


def state() -> dict[str, Any]:
    """What is expected of each metric, what was not as expected, and what changed its nature.

    Raises:
        StoreUnavailable: Redis does not tell.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return shown(forecast_board(app).read(), Monitor.of(app).now())


def shown(statement: Statement | None, now: float) -> dict[str, Any]:
    """``statement`` as it holds at ``now``; without a new one there are no forecasts. Pure."""
    said = Said() if statement is None else statement.said
    reason = None
    if statement is None:
        reason = NOBODY
    elif statement.is_old(now):
        reason = OLD
    return {
        "state": KNOWN if reason is None else UNKNOWN,
        "reason": reason,
        "said_at": None if statement is None else statement.at,
        "instance": None if statement is None else statement.instance,
        "learned_to": said.learned_to,
        "metrics": [] if reason else [_metric(name, said, now) for name in FORECAST_METRICS],
        "anomalies": _anomalies(said.anomalies),
        "drifts": _drifts(said.drifts),
    }


def _metric(name: str, said: Said, now: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metric": name,
        "unit": FORECAST_METRICS[name].unit,
        "level": None,
        "level_at": None,
        "score": None,
        "silent": None,
        "trend": None,
        "model": None,
        "ratio": None,
        "tests": 0,
        "minutes": [],
    }
    last = said.lasts.get(name)
    if last is not None:
        found |= {"level": last.value, "level_at": last.at}
        # Of an older minute it says nothing about now.
        found["score"] = said.scores.get(name) if last.at == said.learned_to else None
    offered = said.offered.get(name)
    if offered is not None:
        minutes = [one for one in _minutes(offered) if one["at"] + STEP > now]
        found |= {"ratio": offered.ratio, "tests": offered.tests}
        if not minutes:
            return found | {"silent": UNMEASURED}
        values = offered.values
        trend = (values[-1] - values[0]) / (len(values) - 1)
        return found | {"trend": trend, "model": offered.model, "minutes": minutes}
    silent = said.silent.get(name)
    if silent is None:
        return found | {"silent": UNMEASURED}
    return found | {"silent": silent.reason, "ratio": silent.ratio, "tests": silent.tests}


def _minutes(offered: Forecast) -> list[dict[str, Any]]:
    ranges = zip(offered.values, offered.lower, offered.upper, strict=True)
    return [
        {"at": offered.made_at + number * STEP, "value": value, "lower": lower, "upper": upper}
        for number, (value, lower, upper) in enumerate(ranges, start=1)
    ]


def _anomalies(found: Sequence[Anomaly]) -> list[dict[str, Any]]:
    return [
        {
            "metric": one.metric,
            "unit": _unit(one.metric),
            "at": one.at,
            # The minute that began then was one of them.
            "until": one.until + STEP,
            "value": one.value,
            "expected": one.expected,
            "score": one.score,
        }
        for one in reversed(found)
    ]


def _drifts(found: Sequence[Drift]) -> list[dict[str, Any]]:
    return [{"metric": one.metric, "at": one.at} for one in reversed(found)]


def _unit(metric: str) -> str:
    # A worker of another version may measure more.
    known = FORECAST_METRICS.get(metric)
    return "count" if known is None else known.unit
