"""Routes of one's own behaviour, predictions, and snapshots of permissions."""

from __future__ import annotations

from typing import Any

from app.blueprints.behaviour import service
from app.blueprints.behaviour.schemas import (
    DeedsSchema,
    PredictionQuery,
    PredictionsSchema,
    RecordedSchema,
    SnapshotQuerySchema,
    SnapshotSchema,
)
from app.extensions import prefetch
from app.guards import BEHAVIOUR_FORGET, BEHAVIOUR_RECORD, PERMISSION_SNAPSHOT
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.request.context import read_only
from yoto.resilience import rate_limit

behaviour = RestBlueprint(
    "behaviour",
    __name__,
    url_prefix=API_PREFIX,
    description="What you do, what you are likely to do next, and what controls to show",
)


@behaviour.post("/behaviour")
@read_only
@signed_in
@rate_limit(BEHAVIOUR_RECORD)
@behaviour.arguments(DeedsSchema)
@behaviour.response(202, RecordedSchema)
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def record_behaviour(body: dict[str, Any]) -> dict[str, Any]:
    """Tell what you did, so that your next steps are predicted better

    It counts for predictions about you alone, and never when your behaviour is judged.
    """
    return {"recorded": service.record(current_user_id(), body["items"])}


@behaviour.delete("/behaviour")
@read_only
@signed_in
@rate_limit(BEHAVIOUR_FORGET)
@behaviour.response(204)
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def forget_behaviour() -> None:
    """Delete everything that is kept of your behaviour, in every worker"""
    prefetch.current.forget(current_user_id())


@behaviour.get("/behaviour/predictions")
@signed_in
@behaviour.arguments(PredictionQuery, location="query")
@behaviour.response(200, PredictionsSchema)
def predict_behaviour(query: dict[str, Any]) -> dict[str, Any]:
    """What you are likely to do next, among what you have done before"""
    return {"items": service.predictions(current_user_id(), query["limit"])}


@behaviour.post("/permissions/snapshot")
@read_only
@signed_in
@rate_limit(PERMISSION_SNAPSHOT)
@behaviour.arguments(SnapshotQuerySchema)
@behaviour.response(200, SnapshotSchema)
@behaviour.alt_response(404, "NOT_FOUND")
@behaviour.alt_response(429, "TOO_MANY_REQUESTS")
def take_snapshot(body: dict[str, Any]) -> dict[str, Any]:
    """What controls to show in some places

    Policies are not asked, and no request is let in because of a snapshot.
    """
    return service.snapshot(current_user_id(), body["places"])
