"""What the routes of ``live`` take and answer. Moments are ms since 1970."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.control_plane.live.components import STATES
from yoto.control_plane.live.filters import LONGEST_TYPE, MOST_TYPES
from yoto.control_plane.live.performance import KEYS, RANGES
from yoto.http.control_api import ActSchema
from yoto.http.paging import PAGE_DEFAULT
from yoto.http.shapes import schema_of
from yoto.monitor import Condition
from yoto.operate.instances import Instance

LATEST_MOMENT = 10**14  # ms since 1970; some thousand years ahead, and all ids can hold it
CURSOR_LENGTH = 32
EVENTS_MAX = 500


def _number(**options: Any) -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, **options)


def _whole(**options: Any) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, **options)


def _text(**options: Any) -> ma.fields.String:
    return ma.fields.String(required=True, allow_none=True, **options)


class PartSchema(ma.Schema):
    """A part of the platform."""

    name = ma.fields.String(required=True)
    group = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf(STATES))
    detail = ma.fields.String(required=True)
    value = _number()
    unit = _text()
    limit = _number()
    at = _whole()
    age_ms = _whole()


class MaintenanceStateSchema(ma.Schema):
    """Whether there is maintenance; null: the database does not say."""

    enabled = ma.fields.Boolean(required=True, allow_none=True)
    reason = _text()
    until_ms = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: it does not end by itself"}
    )


class CauseSchema(ma.Schema):
    """One thing that is not as it should be."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf(list(Condition)))
    topic = ma.fields.String(required=True)
    labels = ma.fields.Dict(required=True, allow_none=True)
    detail = ma.fields.String(required=True)
    value = _number()
    unit = _text()
    by = _text(metadata={"description": "Who ordered it, or takes care of it"})
    reason = _text()
    caller = _text(metadata={"description": "Whom it concerns most"})
    network = _text(metadata={"description": "Whence it comes; null for who may not know"})
    since = _whole(allow_none=True)
    until = _whole(allow_none=True, metadata={"description": "null: it does not end by itself"})
    where = ma.fields.String(
        required=True, metadata={"description": "Page below `/control/`, and the place on it"}
    )
    verb = ma.fields.String(required=True, metadata={"description": "What ends it there"})


class HeadlineSchema(ma.Schema):
    """The worst of everything, and each cause of it, the worst first."""

    state = ma.fields.String(required=True, validate=OneOf(list(Condition)))
    causes = ma.fields.List(ma.fields.Nested(CauseSchema), required=True)


class StatusSchema(ma.Schema):
    """How everything is."""

    at = _whole()
    instance = ma.fields.String(required=True, metadata={"description": "The one that answers"})
    headline = ma.fields.Nested(HeadlineSchema, required=True)
    overall = ma.fields.String(required=True, validate=OneOf(STATES))
    health = ma.fields.String(required=True)
    components = ma.fields.List(ma.fields.Nested(PartSchema), required=True)
    maintenance = ma.fields.Nested(MaintenanceStateSchema, required=True)
    instances = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        allow_none=True,
        metadata={"description": "Workers by state; null: Redis does not say"},
    )


class DetailedStatusSchema(StatusSchema):
    """How everything is, with every server and every worker."""

    workers = ma.fields.List(ma.fields.Nested(schema_of(Instance)), required=True, allow_none=True)


class RangeQuery(ma.Schema):
    """How far back."""

    range = ma.fields.String(load_default="10m", validate=OneOf(list(RANGES)))


class UnitSchema(ma.Schema):
    """How a key is measured."""

    unit = ma.fields.String(required=True)


PointSchema = ma.Schema.from_dict(
    {"at": _whole(), **{key: _number() for key in KEYS}}, name="PerformancePoint"
)


class PerformanceSchema(ma.Schema):
    """Lines of charts; what was not measured is null."""

    range = ma.fields.String(required=True)
    resolution_s = _whole()
    complete = ma.fields.Boolean(
        required=True, metadata={"description": "False: what this worker alone recorded"}
    )
    at = _whole()
    points = ma.fields.List(ma.fields.Nested(PointSchema), required=True)
    keys = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Nested(UnitSchema), required=True
    )


class LagSchema(ma.Schema):
    """How far a worker has applied the invalidation log."""

    id = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    heard_ms = _whole()
    log_position = _text()
    log_silent_s = _number()


class LastMinuteSchema(ma.Schema):
    """What all workers measured in the last minute; null: nothing was."""

    hit_rate = _number()
    l1_hit_rate = _number()
    l2_hit_rate = _number()
    staleness_p99_ms = _number()
    stampedes_avoided = _number()
    complete = ma.fields.Boolean(required=True)


class CacheStatsSchema(ma.Schema):
    """The permission cache."""

    at = _whole()
    instance = ma.fields.String(required=True)
    here = ma.fields.Dict(required=True, metadata={"description": "Of the worker that answers"})
    last_minute = ma.fields.Nested(LastMinuteSchema, required=True)
    workers = ma.fields.List(ma.fields.Nested(LagSchema), required=True, allow_none=True)


class MonitorStatsSchema(ma.Schema):
    """How measuring does."""

    at = _whole()
    backend = ma.fields.Dict(required=True)
    workers = ma.fields.List(ma.fields.Dict(), required=True)


class ResilienceStatsSchema(ma.Schema):
    """The guards that one worker uses."""

    at = _whole()
    instance = ma.fields.String(required=True)
    store = ma.fields.Dict(required=True)
    guards = ma.fields.List(ma.fields.Dict(), required=True)
    bulkheads = ma.fields.List(ma.fields.Dict(), required=True)
    breakers = ma.fields.List(ma.fields.Dict(), required=True)


class EventSchema(ma.Schema):
    """An event."""

    id = ma.fields.String(required=True)
    type = ma.fields.String(required=True)
    at = _whole()
    source = ma.fields.String(required=True)
    data = ma.fields.Raw(required=True, allow_none=True)


class GapSchema(ma.Schema):
    """Events may be missing."""

    after = ma.fields.String(required=True)
    reason = ma.fields.String(
        required=True,
        validate=OneOf(["trimmed", "lost"]),
        metadata={"description": "trimmed: newer ones pushed them out, or somebody removed them"},
    )


class EventPageSchema(ma.Schema):
    """Some events."""

    items = ma.fields.List(ma.fields.Nested(EventSchema), required=True)
    next = _text(metadata={"description": "The `after` of the next page; null at the end"})
    gap = ma.fields.Nested(
        GapSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What came after the id `after` is not all there any more"},
    )


class EventTypesSchema(ma.Schema):
    """Names of types."""

    items = ma.fields.List(ma.fields.String(), required=True)


class EventFilterQuery(ma.Schema):
    """Which events, by type and time."""

    types = ma.fields.String(
        load_default="",
        validate=Length(max=MOST_TYPES * (LONGEST_TYPE + 1)),
        metadata={"description": "With commas between; `alert.*` for all that begin so"},
    )
    since = ma.fields.Integer(load_default=None, validate=Range(0, LATEST_MOMENT), data_key="from")
    until = ma.fields.Integer(load_default=None, validate=Range(0, LATEST_MOMENT), data_key="to")


class EventQuery(EventFilterQuery):
    """Which page of them."""

    after = ma.fields.String(
        load_default=None,
        validate=Length(1, CURSOR_LENGTH),
        metadata={"description": "`next`; or an event's id, for what came after it, in order"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, EVENTS_MAX))


class ClearSchema(ActSchema):
    """Up to which event."""

    up_to = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=Length(1, CURSOR_LENGTH),
        metadata={"description": "An event's id; by default that of the newest"},
    )


class ClearedSchema(ma.Schema):
    """What was removed."""

    up_to = ma.fields.String(required=True)
    removed = _whole()
