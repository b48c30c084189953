"""What is not as usual, as operators see it."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Instant


class MaintenanceNowSchema(ma.Schema):
    """Whether the permission platform is closed."""

    enabled = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True, allow_none=True)
    until = ma.fields.DateTime(
        required=True, allow_none=True, metadata={"description": "null: somebody must end it"}
    )


class OverrideSchema(ma.Schema):
    """What an operator set over the code."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    values = ma.fields.Dict(required=True)
    author = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    since = Instant(required=True)
    expires_at = Instant(
        required=True, allow_none=True, metadata={"description": "null: until it is undone"}
    )
    where = ma.fields.String(
        required=True,
        metadata={"description": "Page below `/control/`, and the place on it, that ends it"},
    )


class RaisedLevelSchema(ma.Schema):
    """A degradation that an alert or a program asks for."""

    source = ma.fields.String(required=True)
    level = ma.fields.String(required=True)
    feature = ma.fields.String(required=True, metadata={"description": "Empty: every feature"})
    expires_at = Instant(required=True)
    shared = ma.fields.Boolean(
        required=True, metadata={"description": "False: only the worker that answers knows"}
    )


class OverridesSchema(ma.Schema):
    """All that is not as usual."""

    maintenance = ma.fields.Nested(
        MaintenanceNowSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: unknown, the database is away"},
    )
    overrides = ma.fields.List(ma.fields.Nested(OverrideSchema), required=True)
    raised = ma.fields.List(ma.fields.Nested(RaisedLevelSchema), required=True)
    at = Instant(required=True)
