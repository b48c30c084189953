"""Behaviour, predictions and snapshots on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from yoto.http.fields import RowId, Whole
from yoto.rooms.prefetch.steps import ACTION, ACTION_LENGTH
from yoto.store.models import ScopeType

DEEDS_MAX = 50
# s; older acts than a session allow no predictions.
OLDEST = 3_600
PREDICTIONS_MAX = 50
PLACES_MAX = 50


class WhereSchema(ma.Schema):
    """A place."""

    scope = ma.fields.String(required=True, validate=OneOf([scope.value for scope in ScopeType]))
    scope_id = RowId(load_default=None, allow_none=True)


class DeedSchema(WhereSchema):
    """An act of the user."""

    action = ma.fields.String(
        required=True,
        validate=[Length(1, ACTION_LENGTH), Regexp(f"(?:{ACTION.pattern})\\Z")],
        metadata={"description": "Like message.send; a permission, or what the client calls it"},
    )
    seconds_ago = Whole(0, OLDEST, load_default=0)


class DeedsSchema(ma.Schema):
    """Recent acts of the user."""

    items = ma.fields.List(
        ma.fields.Nested(DeedSchema), required=True, validate=Length(1, DEEDS_MAX)
    )


class RecordedSchema(ma.Schema):
    """The number of recorded acts."""

    recorded = ma.fields.Integer(
        required=True,
        metadata={"description": "How many were taken; 0 where behaviour is not recorded"},
    )


class PredictionQuery(ma.Schema):
    """The number of predictions wanted."""

    limit = ma.fields.Integer(load_default=10, validate=Range(1, PREDICTIONS_MAX))


class PredictionSchema(ma.Schema):
    """A step that may come next."""

    action = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    scope_id = ma.fields.Integer(required=True, allow_none=True)
    probability = ma.fields.Float(required=True)


class PredictionsSchema(ma.Schema):
    """Likely next steps, likeliest first; empty if nothing is known."""

    items = ma.fields.List(ma.fields.Nested(PredictionSchema), required=True)


class SnapshotQuerySchema(ma.Schema):
    """The places of a snapshot."""

    places = ma.fields.List(
        ma.fields.Nested(WhereSchema), required=True, validate=Length(1, PLACES_MAX)
    )


class PlacePermissionsSchema(ma.Schema):
    """The user's permissions in a place; policies may still deny them."""

    scope = ma.fields.String(required=True)
    scope_id = ma.fields.Integer(required=True, allow_none=True)
    permissions = ma.fields.List(ma.fields.String(), required=True)


class SnapshotSchema(ma.Schema):
    """Permissions for showing controls. They decide nothing: the server checks each request."""

    user_id = ma.fields.Integer(required=True)
    position = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Changes up to here are in it"},
    )
    expires_in = ma.fields.Float(required=True, metadata={"description": "Seconds"})
    places = ma.fields.List(ma.fields.Nested(PlacePermissionsSchema), required=True)
    token = ma.fields.String(
        required=True, metadata={"description": "The same, signed; no credential anywhere"}
    )
