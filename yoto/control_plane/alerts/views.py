"""Routes of ``/control/api/alerts`` about alerts and silences."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.alerts import service
from yoto.control_plane.alerts.schemas import (
    ALERT_EVENT_PAGE,
    ALERT_PAGE,
    SILENCE_PAGE,
    AlertDetailSchema,
    AlertQuery,
    NewSilenceSchema,
    SilenceQuery,
    SilenceSchema,
)
from yoto.extensions import alerts
from yoto.http.acts import author
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery, cut
from yoto.monitor import Silence

alerts_control = ControlBlueprint("alerts_control", __name__, "/alerts", "Alerts and silences")


@alerts_control.get("")
@right(VIEW)
@alerts_control.arguments(AlertQuery, location="query")
@alerts_control.response(200, ALERT_PAGE)
def list_alerts(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Alerts, newest first"""
    return service.page(**query)


@alerts_control.get("/<int:alert_id>")
@right(VIEW)
@alerts_control.response(200, AlertDetailSchema)
def read_alert(alert_id: int) -> dict[str, Any]:
    """An alert and what happened to it"""
    return service.detail(alert_id)


@alerts_control.get("/<int:alert_id>/history")
@right(VIEW)
@alerts_control.arguments(PageQuery, location="query")
@alerts_control.response(200, ALERT_EVENT_PAGE)
def read_alert_history(query: dict[str, Any], alert_id: int) -> Page[dict[str, Any]]:
    """What happened to an alert, newest first"""
    return service.history(alert_id, **query)


@alerts_control.post("/<int:alert_id>/acknowledge")
@right(OPERATE)
@alerts_control.arguments(ActSchema)
@alerts_control.response(200, AlertDetailSchema)
def acknowledge_alert(body: dict[str, Any], alert_id: int) -> dict[str, Any]:
    """Say that you take care of an alert that holds"""
    return service.acknowledge(alert_id, author(), body["reason"])


@alerts_control.get("/silences")
@right(VIEW)
@alerts_control.arguments(SilenceQuery, location="query")
@alerts_control.response(200, SILENCE_PAGE)
def list_silences(query: dict[str, Any]) -> Page[Silence]:
    """Silences, newest first"""
    limit = query["limit"]
    found = alerts.desk.silences(query["active"], query["after"], limit + 1)
    return cut(found, limit, lambda silence: silence.id)


@alerts_control.post("/silences")
@right(OPERATE)
@alerts_control.arguments(NewSilenceSchema)
@alerts_control.response(201, SilenceSchema)
def begin_silence(body: dict[str, Any]) -> Silence:
    """Let alerts notify nobody for a while"""
    return alerts.desk.silence(
        body["rule"],
        body["labels"],
        seconds=body["seconds"],
        by=author(),
        reason=body["reason"],
    )


@alerts_control.post("/silences/<int:silence_id>/end")
@right(OPERATE)
@alerts_control.arguments(ActSchema)
@alerts_control.response(200, SilenceSchema)
def end_silence(body: dict[str, Any], silence_id: int) -> Silence:
    """End a silence before its time"""
    return alerts.desk.unsilence(silence_id, by=author(), reason=body["reason"])
