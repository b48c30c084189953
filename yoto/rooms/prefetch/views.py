"""Routes of one's own behaviour, predictions, and snapshots of permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from yoto.api.visibility import demand_sight
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.fields import RowId, Whole
from yoto.http.rest import RestBlueprint
from yoto.permission import Place
from yoto.request.context import read_only
from yoto.resilience import Dimension, rate_limit
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.steps import ACTION, ACTION_LENGTH, checked_step
from yoto.store.models import ScopeType

from .extension import PREFETCH

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


def record(user_id: int, deeds: Sequence[Mapping[str, Any]]) -> int:
    """Record the actions that a client reports of its user; returns how many were taken.

    Raises:
        ValidationFailed: one of them is no valid action; none is taken then.
    """
    steps = [
        (checked_step(deed["action"], deed["scope"], deed["scope_id"]), float(deed["seconds_ago"]))
        for deed in deeds
    ]
    return PREFETCH.current.record(user_id, steps)


def predictions(user_id: int, limit: int) -> list[dict[str, Any]]:
    """The likeliest next steps among those that the user has done."""
    return [_plain(one) for one in PREFETCH.current.client.predict(user_id, limit)]


def snapshot(user_id: int, places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The user's permissions in some places, signed.

    Raises:
        ValidationFailed, UnknownResource: one of them is no place, or does not exist.
    """
    asked = [Place(place["scope"], place["scope_id"]) for place in places]
    demand_sight(user_id, asked)
    taken = PREFETCH.current.client.snapshot(user_id, asked)
    return {
        "user_id": taken.user_id,
        "position": taken.position,
        "expires_in": taken.expires_in,
        "token": taken.token,
        "places": [
            {"scope": place.kind, "scope_id": place.id, "permissions": names}
            for place, names in taken.places
        ],
    }


def _plain(prediction: Prediction) -> dict[str, Any]:
    action, scope, scope_id = prediction.step
    return {
        "action": action,
        "scope": scope,
        "scope_id": scope_id,
        "probability": round(prediction.probability, 6),
    }


MINUTE, HOUR = 60.0, 3600.0  # s

# Calls, each of up to 50 actions. A client collects them and reports once every few seconds.
BEHAVIOUR_OF_USER = Dimension("user", limit=60, window=MINUTE, burst=20)
# Times. Each goes through the whole log of behaviour, and a forgotten user stays so.
FORGETTINGS_OF_USER = Dimension("user", limit=5, window=HOUR)
# Calls, each of up to 50 places. Lists are opened by people, and a snapshot is good for a minute.
SNAPSHOTS_OF_USER = Dimension("user", limit=90, window=MINUTE, burst=30)

behaviour = RestBlueprint(
    "behaviour",
    __name__,
    url_prefix=API_PREFIX,
    description="What you do, what you are likely to do next, and what controls to show",
)


@behaviour.post("/behaviour")
@read_only
@signed_in
@rate_limit("behaviour.record", dimensions=(BEHAVIOUR_OF_USER,))
@behaviour.arguments(DeedsSchema)
@behaviour.response(202, RecordedSchema)
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def record_behaviour(body: dict[str, Any]) -> dict[str, Any]:
    """Report your acts, so that your next steps are predicted better

    Reports are used only for predictions about you, never when your behaviour is judged.
    """
    return {"recorded": record(current_user_id(), body["items"])}


@behaviour.delete("/behaviour")
@read_only
@signed_in
@rate_limit("behaviour.forget", dimensions=(FORGETTINGS_OF_USER,))
@behaviour.response(204)
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def forget_behaviour() -> None:
    """Delete all records of your behaviour, in every worker"""
    PREFETCH.current.forget(current_user_id())


@behaviour.get("/behaviour/predictions")
@signed_in
@behaviour.arguments(PredictionQuery, location="query")
@behaviour.response(200, PredictionsSchema)
def predict_behaviour(query: dict[str, Any]) -> dict[str, Any]:
    """Your likely next steps, among those that you have done before"""
    return {"items": predictions(current_user_id(), query["limit"])}


@behaviour.post("/permissions/snapshot")
@read_only
@signed_in
@rate_limit("permission.snapshot", dimensions=(SNAPSHOTS_OF_USER,))
@behaviour.arguments(SnapshotQuerySchema)
@behaviour.response(200, SnapshotSchema)
@behaviour.alt_response(404, "NOT_FOUND")
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def take_snapshot(body: dict[str, Any]) -> dict[str, Any]:
    """Your permissions in some places, as a basis for which controls to show

    Policies are not asked, and no request is allowed because of a snapshot.
    """
    return snapshot(current_user_id(), body["places"])
