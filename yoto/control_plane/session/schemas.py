"""What ``/control/api/session`` answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.fields import Instant
from yoto.http.operators import RIGHTS, Via


class SessionUserSchema(ma.Schema):
    """The account behind the credential."""

    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


class SessionSchema(ma.Schema):
    """Who calls, by what, and what they may."""

    user = ma.fields.Nested(
        SessionUserSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null behind the break-glass token"},
    )
    via = ma.fields.String(
        required=True, validate=OneOf([str(via) for via in Via if via is not Via.TERMINAL])
    )
    rights = ma.fields.List(ma.fields.String(validate=OneOf(RIGHTS)), required=True)
    csrf_token = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "For `X-CSRF-Token`; null where a token is the credential"},
    )
    expires_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When the session ends; null where a token is the credential"},
    )
    language = ma.fields.String(required=True)
