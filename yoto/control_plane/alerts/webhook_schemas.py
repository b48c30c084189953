"""What webhooks look like to operators."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length

from yoto.control_plane.alerts.fields import LevelField
from yoto.http.control_api import ActSchema
from yoto.http.fields import EpochInstant, Flag, Name
from yoto.http.paging import page_of

NAME_LENGTH, URL_LENGTH = 64, 2_000


class WebhookSchema(ma.Schema):
    """Where alerts are sent, without the secret, and of the address the host only."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    url = ma.fields.String(required=True)
    min_level = LevelField(required=True)
    created_by = ma.fields.String(required=True)
    created_at = EpochInstant(required=True)
    failures = ma.fields.Integer(
        required=True, metadata={"description": "Failed tries since the last that did not fail"}
    )
    waiting = ma.fields.Integer(
        required=True, metadata={"description": "Messages that wait; 50: that many or more"}
    )


class WebhooksSchema(ma.Schema):
    """Webhooks in use, oldest first."""

    items = ma.fields.List(ma.fields.Nested(WebhookSchema), required=True)


class NewWebhookSchema(ActSchema):
    """A webhook to add."""

    name = Name(NAME_LENGTH, required=True)
    url = ma.fields.String(required=True, validate=Length(1, URL_LENGTH))
    min_level = LevelField(load_default="warning")


class AddedWebhookSchema(WebhookSchema):
    """A webhook that was just added."""

    secret = ma.fields.String(
        required=True, metadata={"description": "Signs what is sent; shown this once"}
    )


class WebhookTestSchema(ma.Schema):
    """What came of a test message."""

    delivered = Flag(required=True)
    status = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "HTTP status of the answer"}
    )
    error = ma.fields.String(required=True, allow_none=True)


class DeliverySchema(ma.Schema):
    """One message to a webhook."""

    id = ma.fields.Integer(required=True)
    event = ma.fields.String(required=True)
    created_at = EpochInstant(required=True)
    attempts = ma.fields.Integer(required=True)
    delivered = Flag(required=True)
    settled_at = EpochInstant(
        required=True, allow_none=True, metadata={"description": "null: it waits"}
    )
    status = ma.fields.Integer(required=True, allow_none=True)
    error = ma.fields.String(required=True, allow_none=True)


DELIVERY_PAGE = page_of(DeliverySchema)
