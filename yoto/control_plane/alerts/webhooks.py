"""Routes of ``/control/api/alerts/webhooks``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from yoto.control_plane.alerts.webhook_schemas import (
    DELIVERY_PAGE,
    AddedWebhookSchema,
    NewWebhookSchema,
    WebhooksSchema,
    WebhookTestSchema,
)
from yoto.extensions import alerts
from yoto.http.acts import author
from yoto.http.control_api import ADMIN, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.idempotency import secret_answer
from yoto.http.paging import Page, PageQuery, cut
from yoto.monitor import Delivery

alert_webhooks_control = ControlBlueprint(
    "alert_webhooks_control", __name__, "/alerts/webhooks", "Where alerts are sent"
)


@alert_webhooks_control.get("")
@right(VIEW)
@alert_webhooks_control.response(200, WebhooksSchema)
def list_alert_webhooks() -> dict[str, Any]:
    """Webhooks, without their secrets"""
    return {"items": alerts.webhooks.list()}


@secret_answer
@alert_webhooks_control.post("")
@right(ADMIN)
@alert_webhooks_control.arguments(NewWebhookSchema)
@alert_webhooks_control.response(201, AddedWebhookSchema)
def add_alert_webhook(body: dict[str, Any]) -> dict[str, Any]:
    """Send alerts there from now on"""
    added = alerts.webhooks.add(**body, by=author())
    return {**asdict(added.webhook), "secret": added.secret}


@alert_webhooks_control.post("/<int:webhook_id>/remove")
@right(ADMIN)
@alert_webhooks_control.arguments(ActSchema)
@alert_webhooks_control.response(204)
def remove_alert_webhook(body: dict[str, Any], webhook_id: int) -> None:
    """Send nothing there any more; what waits is given up"""
    alerts.webhooks.remove(webhook_id, by=author(), reason=body["reason"])


@alert_webhooks_control.post("/<int:webhook_id>/test")
@right(ADMIN)
@alert_webhooks_control.arguments(ActSchema)
@alert_webhooks_control.response(200, WebhookTestSchema)
def test_alert_webhook(body: dict[str, Any], webhook_id: int) -> Any:
    """Send a test message, and wait for what comes of it"""
    return alerts.webhooks.test(webhook_id, by=author(), reason=body["reason"])


@alert_webhooks_control.get("/<int:webhook_id>/deliveries")
@right(VIEW)
@alert_webhooks_control.arguments(PageQuery, location="query")
@alert_webhooks_control.response(200, DELIVERY_PAGE)
def list_alert_deliveries(query: dict[str, Any], webhook_id: int) -> Page[Delivery]:
    """Messages, newest first, with what came of them"""
    limit = query["limit"]
    found = alerts.webhooks.deliveries(webhook_id, query["after"], limit + 1)
    return cut(found, limit, lambda delivery: delivery.id)
