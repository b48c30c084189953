"""Bodies and answers of ``/control/api/tokens``."""

from __future__ import annotations

from datetime import timedelta

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from yoto.auth.operators import TOKEN_RIGHTS
from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant, Name, Whole
from yoto.http.paging import PageQuery, page_of

NAME_LENGTH = 100
DAYS_MAX = 366
DEFAULT_LIFETIME = timedelta(days=90)


class TokenQuery(PageQuery):
    """A choice of tokens."""

    everyone = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Those of all operators; takes `platform.admin`"},
    )


class ApiTokenSchema(ma.Schema):
    """An API token, without its secret."""

    id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    rights = ma.fields.List(ma.fields.String(validate=OneOf(TOKEN_RIGHTS)), required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    last_used_at = Instant(
        required=True, allow_none=True, metadata={"description": "Exact to the minute"}
    )
    revoked_at = Instant(required=True, allow_none=True)
    valid = Flag(
        required=True,
        metadata={"description": "Neither over, taken back, nor ended with its owner's sessions"},
    )


class NewApiTokenSchema(ActSchema):
    """A token to make."""

    name = Name(NAME_LENGTH, required=True)
    rights = ma.fields.List(
        ma.fields.String(validate=OneOf(TOKEN_RIGHTS)),
        required=True,
        validate=Length(min=1, max=len(TOKEN_RIGHTS)),
        metadata={
            "description": "Rights that you have yourself; and `platform.insight`, with which the "
            "token may use your `admin.audit` and `server.audit`"
        },
    )
    days = Whole(1, DAYS_MAX, load_default=DEFAULT_LIFETIME.days)


class MadeApiTokenSchema(ApiTokenSchema):
    """A token that was just made."""

    token = ma.fields.String(required=True, metadata={"description": "Shown this once"})


API_TOKEN_PAGE = page_of(ApiTokenSchema)
