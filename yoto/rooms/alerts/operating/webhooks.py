"""Webhooks: where alerts are sent, and the result of each delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, TypedDict, cast

import marshmallow as ma
from marshmallow.validate import Length

from yoto.auth.operators import ADMIN, VIEW
from yoto.http.fields import Name
from yoto.http.operation import After, Author, Command, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.moments import Epoch
from yoto.monitor.alert_rules import Level

from ..extension import alerts as platform
from ..webhooks.actions import ShownWebhook

NAME_LENGTH, URL_LENGTH = 64, 2_000  # characters

alert_webhooks = Subject(
    "alert_webhooks", "/alerts/webhooks", "Where alerts are sent", "webhook", "alerts"
)


class Webhooks(TypedDict):
    """Webhooks in use, oldest first."""

    items: list[ShownWebhook]


@dataclass(frozen=True, kw_only=True)
class AddedWebhook(ShownWebhook):
    """A webhook that was just added."""

    secret: Annotated[str, "Signs what is sent; shown this once"] = field(repr=False)


class WebhookTest(TypedDict):
    """The result of a test message."""

    delivered: bool
    status: Annotated[int | None, "HTTP status of the answer"]
    error: str | None


class Message(TypedDict):
    """One message to a webhook."""

    id: int
    event: str
    created_at: Epoch
    attempts: int
    delivered: bool
    settled_at: Annotated[Epoch | None, "null: it waits"]
    status: int | None
    error: str | None


alert_webhooks.names = {ShownWebhook: "Webhook", Message: "Delivery"}


def _webhooks(found: Webhooks, **given: Any) -> Iterator[str]:
    for one in found["items"]:
        trouble = f", {one.failures} failures in a row" if one.failures else ""
        yield (
            f"{one.id:>6}  {one.name}  {one.url}  from {one.min_level}, {one.waiting} waiting"
            f"{trouble}"
        )
    if not found["items"]:
        yield "No webhook yet: alerts are shown here only."


def _removed(found: None, webhook_id: int, **given: Any) -> list[str]:
    return [f"Webhook {webhook_id} is removed."]


def _settled(found: None, webhook_id: int, **given: Any) -> list[str]:
    return [f"Webhook {webhook_id} has one secret."]


def _messages(found: Page[Message], **given: Any) -> Iterator[str]:
    for one in found.items:
        state = "waiting" if one["settled_at"] is None else "given up"
        tried = f"{state}, {one['attempts']} tries: {one['error']}"
        yield f"{one['id']:>6}  {one['event']}  {'delivered' if one['delivered'] else tried}"
    if not found.items:
        yield "Nothing was sent there lately."
    if found.next is not None:
        yield f"More with --after {found.next}."


@alert_webhooks.operation(
    "GET", "", VIEW, Command("webhooks", _webhooks, "Show where alerts are sent.")
)
def list_alert_webhooks() -> Webhooks:
    """Webhooks, without their secrets"""
    return {"items": platform.webhooks.list()}


@alert_webhooks.operation("POST", "", ADMIN, body="NewWebhook", status=201, secret=True)
def add_alert_webhook(
    name: Annotated[str, partial(Name, NAME_LENGTH)],
    url: Annotated[str, partial(ma.fields.String, validate=Length(1, URL_LENGTH))],
    reason: Reason,
    by: Author,
    min_level: Level = Level.WARNING,
    access_requests: Annotated[bool, "Send the steps of access requests, too"] = False,
) -> AddedWebhook:
    """Send alerts there from now on, and access requests where these are wanted"""
    added = platform.webhooks.add(
        name, url, by=by, reason=reason, min_level=min_level, access_requests=access_requests
    )
    return AddedWebhook(**vars(added.webhook), secret=added.secret)


@alert_webhooks.operation(
    "POST",
    "/<int:webhook_id>/remove",
    ADMIN,
    Command(
        "webhook-remove",
        _removed,
        "Send nothing to WEBHOOK_ID any more; what waits for it is given up.",
    ),
)
def remove_alert_webhook(webhook_id: int, reason: Reason, by: Author) -> None:
    """Send nothing there any more; waiting messages are given up"""
    platform.webhooks.remove(webhook_id, by=by, reason=reason)


@alert_webhooks.operation("POST", "/<int:webhook_id>/rotate", ADMIN, secret=True)
def rotate_alert_webhook(webhook_id: int, reason: Reason, by: Author) -> AddedWebhook:
    """Sign with a new secret, and with the previous one as well until the change is settled"""
    found = platform.webhooks.rotate(webhook_id, by=by, reason=reason)
    return AddedWebhook(**vars(found.webhook), secret=found.secret)


@alert_webhooks.operation(
    "POST",
    "/<int:webhook_id>/settle",
    ADMIN,
    Command(
        "webhook-settle",
        _settled,
        "Sign what is sent to WEBHOOK_ID with its newest secret alone.",
    ),
)
def settle_alert_webhook(webhook_id: int, reason: Reason, by: Author) -> None:
    """Sign with the newest secret alone, once the receiver has it"""
    platform.webhooks.settle(webhook_id, by=by, reason=reason)


@alert_webhooks.operation("POST", "/<int:webhook_id>/test", ADMIN)
def test_alert_webhook(webhook_id: int, reason: Reason, by: Author) -> WebhookTest:
    """Send a test message, and wait for its result"""
    found = platform.webhooks.test(webhook_id, by=by, reason=reason)
    return {"delivered": found.delivered, "status": found.status, "error": found.error}


@alert_webhooks.operation(
    "GET",
    "/<int:webhook_id>/deliveries",
    VIEW,
    Command(
        "deliveries",
        _messages,
        "Show the latest messages to WEBHOOK_ID and what came of them.",
        {"limit": PAGE_DEFAULT},
    ),
)
def list_alert_deliveries(
    webhook_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[Message]:
    """Messages, newest first, with their results"""
    found = platform.webhooks.deliveries(webhook_id, after, limit + 1)
    page = cut(found, limit, lambda message: message.id)
    # The terminal prints every known field of a message.
    return Page([cast(Message, vars(one)) for one in page.items], page.next)
