"""What prefetching looks like to operators."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.control_api import ActSchema
from yoto.http.fields import NodeId

FLEET, WORKER = "fleet", "worker"


class SwitchesSchema(ma.Schema):
    """What every worker is allowed."""

    fetching = ma.fields.Boolean(required=True)
    recording = ma.fields.Boolean(required=True)


class PrefetchStateSchema(ma.Schema):
    """How prefetching is."""

    instance = ma.fields.String(required=True, metadata={"description": "The worker that answers"})
    switches = ma.fields.Nested(SwitchesSchema, required=True)
    paused = ma.fields.Boolean(required=True, metadata={"description": "This worker alone"})
    stats = ma.fields.Dict(
        required=True, metadata={"description": "Of this worker; docs/prefetch.md names them"}
    )
    fleet = ma.fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "Of each worker; null: unknown, Redis is away"},
    )


class TaskSchema(ma.Schema):
    """One prefetch of the worker that answers."""

    id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    scope = ma.fields.String(required=True)
    scope_id = NodeId(required=True, allow_none=True)
    confidence = ma.fields.Float(required=True)
    state = ma.fields.String(required=True)
    seconds = ma.fields.Float(required=True, metadata={"description": "In this state"})
    reason = ma.fields.String(required=True)


class TasksSchema(ma.Schema):
    """Prefetches under way, then those that ended last."""

    instance = ma.fields.String(required=True)
    items = ma.fields.List(ma.fields.Nested(TaskSchema), required=True)
    fleet = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.Nested(TaskSchema)),
        required=True,
        allow_none=True,
        metadata={"description": "The first of each worker, as of some seconds ago; null: unknown"},
    )


class ForgetSchema(ActSchema):
    """Whose behaviour is to be forgotten."""

    user_id = NodeId(
        required=True, metadata={"description": "The number, or the application's own id"}
    )


class SteerSchema(ActSchema):
    """Pausing or resuming."""

    where = ma.fields.String(
        load_default=FLEET,
        validate=OneOf([FLEET, WORKER]),
        metadata={"description": "All workers, or the one that answers"},
    )
