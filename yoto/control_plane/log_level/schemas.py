"""What the level of logs looks like to operators."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.control_api import ActSchema
from yoto.http.fields import Instant
from yoto.logs import LEVELS


class LogLevelSchema(ma.Schema):
    """From which level on lines are written."""

    level = ma.fields.String(
        required=True,
        allow_none=True,
        validate=OneOf(LEVELS),
        metadata={"description": "What operators set for all workers; null: nothing"},
    )
    until = Instant(
        required=True, allow_none=True, metadata={"description": "When that is over by itself"}
    )
    changed_at = Instant(required=True, allow_none=True)
    changed_by = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)
    version = ma.fields.Integer(required=True)
    configured = ma.fields.String(
        required=True,
        validate=OneOf(LEVELS),
        metadata={"description": "What holds otherwise, in the worker that answers"},
    )
    in_force = ma.fields.String(
        required=True, metadata={"description": "In the worker that answers"}
    )
    instance = ma.fields.String(required=True, metadata={"description": "The worker that answers"})


class LiveLogLevelSchema(LogLevelSchema):
    """The same after a change."""

    live = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: recorded; workers follow when Redis is back"},
    )


class SetLogLevelSchema(ActSchema):
    """Setting the level of all workers."""

    level = ma.fields.String(
        required=True,
        allow_none=True,
        validate=OneOf(LEVELS),
        metadata={"description": "null: what each worker is configured to"},
    )
    until = Instant(load_default=None, allow_none=True)
