"""Routes of one's own behaviour, predictions, and snapshots of permissions."""

from __future__ import annotations

from typing import Any

from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.request.context import read_only
from yoto.resilience import Dimension, rate_limit
from yoto.rooms.prefetch import of_people
from yoto.rooms.prefetch.schemas import (
    DeedsSchema,
    PredictionQuery,
    PredictionsSchema,
    RecordedSchema,
    SnapshotQuerySchema,
    SnapshotSchema,
)

from .extension import PREFETCH

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
    return {"recorded": of_people.record(current_user_id(), body["items"])}


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
    return {"items": of_people.predictions(current_user_id(), query["limit"])}


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
    return of_people.snapshot(current_user_id(), body["places"])
