"""What ``/control/api/locks`` takes and answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Range

from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant, Whole

LIMIT_DEFAULT, LIMIT_MAX = 100, 200
MAX_TOKEN = 2**53 - 1  # what numbers of JavaScript and Lua count exactly


class LockQuery(ma.Schema):
    """How many locks; there are seldom more than a few, and each is looked at."""

    limit = ma.fields.Integer(load_default=LIMIT_DEFAULT, validate=Range(1, LIMIT_MAX))


class LockSchema(ma.Schema):
    """A lock that somebody holds."""

    name = ma.fields.String(required=True)
    token = ma.fields.Integer(required=True, metadata={"description": "Fencing token"})
    lease_left_s = ma.fields.Float(
        required=True, metadata={"description": "Until it ends, unless it is renewed"}
    )
    waiting = ma.fields.Integer(required=True, metadata={"description": "Processes"})
    holder = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The worker that said so; null: unknown"},
    )
    held_s = ma.fields.Float(required=True, allow_none=True)
    heard_s = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Since the holder said so"}
    )


class LocksSchema(ma.Schema):
    """Locks held for a second or more, the longest held first."""

    at = Instant(required=True)
    items = ma.fields.List(ma.fields.Nested(LockSchema), required=True)
    told = ma.fields.Integer(
        required=True, metadata={"description": "How many locks workers told of"}
    )
    truncated = Flag(
        required=True, metadata={"description": "More were told of than `limit`, and not looked at"}
    )


class LockReleaseSchema(ActSchema):
    """Taking a lock away from one holder."""

    token = Whole(
        1,
        MAX_TOKEN,
        required=True,
        metadata={"description": "Of the holder that you saw; one that came later keeps the lock"},
    )


class LockReleasedSchema(ma.Schema):
    """A lock that was taken away."""

    name = ma.fields.String(required=True)
    token = ma.fields.Integer(required=True)
