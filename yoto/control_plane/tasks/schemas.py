"""What ``/control/api/tasks`` answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.fields import Flag, Instant


class StepSchema(ma.Schema):
    """A part of a task that has begun."""

    name = ma.fields.String(required=True)
    done = ma.fields.Integer(required=True)
    total = ma.fields.Integer(
        required=True, metadata={"description": "0: nothing to count, or not yet"}
    )


class BackgroundTaskSchema(ma.Schema):
    """A task, as the event stream tells it."""

    id = ma.fields.String(required=True)
    task = ma.fields.String(required=True, metadata={"description": "What is done: `warm_up`"})
    instance = ma.fields.String(required=True, metadata={"description": "The worker that does it"})
    state = ma.fields.String(
        required=True,
        validate=OneOf(["running", "finished", "unknown"]),
        metadata={"description": "`unknown`: not heard of for longer than a step may take"},
    )
    began_at = Instant(required=True)
    heard_at = Instant(required=True)
    steps = ma.fields.List(ma.fields.Nested(StepSchema), required=True)
    success = Flag(required=True, allow_none=True, metadata={"description": "Null before the end"})
    seconds = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "How long it took"}
    )
    errors = ma.fields.List(ma.fields.String(), required=True)


class BackgroundTasksSchema(ma.Schema):
    """Tasks of late, the newest first."""

    items = ma.fields.List(ma.fields.Nested(BackgroundTaskSchema), required=True)
