"""Routes of ``/control/api/events``."""

from __future__ import annotations

from typing import Any

from flask import Response

from yoto.control_plane.live import events
from yoto.control_plane.live.filters import TypeFilter
from yoto.control_plane.live.schemas import (
    ClearedSchema,
    ClearSchema,
    EventFilterQuery,
    EventPageSchema,
    EventQuery,
    EventSchema,
    EventTypesSchema,
)
from yoto.extensions import events as stream_of_app
from yoto.http.acts import author, record_act
from yoto.http.control_api import ADMIN, VIEW, ControlBlueprint, right

events_control = ControlBlueprint(
    "events_control", __name__, "/events", "What happened in the platform"
)


@events_control.get("")
@right(VIEW)
@events_control.arguments(EventQuery, location="query")
@events_control.response(200, EventPageSchema)
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """Events that are still there: the newest first, or in order from an id"""
    stream, after = stream_of_app.stream, query["after"]
    items, following = events.page(stream, _wanted(query), after, query["limit"])
    return {"items": items, "next": following, "gap": events.gap_before(stream, after, items)}


@events_control.get("/types")
@right(VIEW)
@events_control.response(200, EventTypesSchema)
def list_types() -> dict[str, Any]:
    """What types of events there are"""
    return {"items": events.types()}


@events_control.get("/export")
@right(VIEW)
@events_control.arguments(EventFilterQuery, location="query")
@events_control.response(200, EventSchema(many=True))
def export_events(query: dict[str, Any]) -> Response:
    """All of them as one JSON array, oldest first, streamed"""
    answer = Response(
        events.export(stream_of_app.stream, _wanted(query)), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="yoto-events.json"'
    return answer


@events_control.post("/clear")
@right(ADMIN)
@events_control.arguments(ClearSchema)
@events_control.response(200, ClearedSchema)
def clear_events(body: dict[str, Any]) -> dict[str, Any]:
    """Remove history up to an event; whoever reads on from before it is told of a gap"""
    stream, reason = stream_of_app.stream, body["reason"]
    up_to = events.last_to_clear(stream, body["up_to"])
    record_act("events.clear", "events", reason=reason, after={"up_to": up_to})
    return {"up_to": up_to, "removed": events.clear(stream, up_to, author(), reason)}


def _wanted(query: dict[str, Any]) -> events.Wanted:
    types = [one.strip() for one in query["types"].split(",") if one.strip()]
    return events.Wanted(TypeFilter(types), query["since"], query["until"])
