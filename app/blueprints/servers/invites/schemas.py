"""Invites as the API shows them."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Instant, Whole

MINUTE = 60
DAY = 24 * 3600
LIFE_DEFAULT, LIFE_MAX = 7 * DAY, 365 * DAY  # seconds
USES_MAX = 100_000


class InviteSchema(ma.Schema):
    """An invite."""

    id = ma.fields.Integer(required=True)
    server_id = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    created_by = ma.fields.Integer(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    max_uses = ma.fields.Integer(required=True, allow_none=True)
    uses = ma.fields.Integer(required=True)


class NewInviteSchema(ma.Schema):
    """The limits of an invite to be made."""

    expires_in = Whole(
        MINUTE,
        LIFE_MAX,
        load_default=LIFE_DEFAULT,
        allow_none=True,
        metadata={"description": "Seconds; null: it never expires"},
    )
    max_uses = Whole(
        1,
        USES_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "People it lets in; null: any number"},
    )
