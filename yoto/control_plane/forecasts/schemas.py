"""What forecasts look like to operators."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.control_plane.forecasts.service import KNOWN, NOBODY, OLD, UNKNOWN, UNMEASURED
from yoto.http.fields import EpochInstant
from yoto.monitor import FORECAST_METRICS

SILENT = ("history", "naive", UNMEASURED)
UNITS = tuple(sorted({metric.unit for metric in FORECAST_METRICS.values()}))


def _maybe(text: str) -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": text})


def _unit(**options: Any) -> ma.fields.String:
    return ma.fields.String(required=True, metadata={"examples": list(UNITS)}, **options)


class ForecastMinuteSchema(ma.Schema):
    """What is expected of one minute; nine in ten real values lie from ``lower`` to ``upper``."""

    at = EpochInstant(required=True)
    value = ma.fields.Float(required=True)
    lower = ma.fields.Float(required=True)
    upper = ma.fields.Float(required=True)


class MetricForecastSchema(ma.Schema):
    """What is expected of one metric, in its unit, or why nothing is said."""

    metric = ma.fields.String(required=True, validate=OneOf(list(FORECAST_METRICS)))
    unit = _unit()
    level = _maybe("The last minute that was measured; null: none was")
    level_at = EpochInstant(required=True, allow_none=True)
    trend = _maybe("A minute, over the minutes foretold; null: nothing is said")
    score = _maybe("How far the last minute was off, in standard deviations; null: unknown")
    silent = ma.fields.String(
        required=True,
        allow_none=True,
        validate=OneOf(SILENT),
        metadata={
            "description": "Why nothing is said: too little history, nothing is better than the "
            "last value (naive), or it is not measured now; null: a forecast is offered"
        },
    )
    model = ma.fields.String(required=True, allow_none=True)
    ratio = _maybe("Error over that of the naive forecast, lately; null: not tested yet")
    tests = ma.fields.Integer(required=True)
    minutes = ma.fields.List(ma.fields.Nested(ForecastMinuteSchema), required=True)


class AnomalySchema(ma.Schema):
    """Minutes in a row that were not as expected; value and score are of the worst."""

    metric = ma.fields.String(required=True)
    unit = _unit()
    at = EpochInstant(required=True)
    until = EpochInstant(required=True)
    value = ma.fields.Float(required=True)
    expected = ma.fields.Float(required=True)
    score = ma.fields.Float(
        required=True, metadata={"description": "In standard deviations of the error"}
    )


class DriftSchema(ma.Schema):
    """From then on the metric is harder, or easier, to foretell than before."""

    metric = ma.fields.String(required=True)
    at = EpochInstant(required=True)


class ForecastsSchema(ma.Schema):
    """What the worker that forecasts said last. Unknown: there are no forecasts that hold now."""

    state = ma.fields.String(required=True, validate=OneOf((KNOWN, UNKNOWN)))
    reason = ma.fields.String(
        required=True,
        allow_none=True,
        validate=OneOf((NOBODY, OLD)),
        metadata={"description": "Why it is unknown: nobody has said anything, or not lately"},
    )
    said_at = EpochInstant(required=True, allow_none=True)
    instance = ma.fields.String(required=True, allow_none=True)
    learned_to = EpochInstant(
        required=True, allow_none=True, metadata={"description": "When the last minute began"}
    )
    metrics = ma.fields.List(ma.fields.Nested(MetricForecastSchema), required=True)
    anomalies = ma.fields.List(
        ma.fields.Nested(AnomalySchema), required=True, metadata={"description": "Newest first"}
    )
    drifts = ma.fields.List(
        ma.fields.Nested(DriftSchema), required=True, metadata={"description": "Newest first"}
    )
