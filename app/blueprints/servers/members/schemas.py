"""Members and bans as the API shows them."""

from __future__ import annotations

import marshmallow as ma

from yoto.api.people import PersonSchema
from yoto.http.fields import Instant, Name
from yoto.http.reasons import ReasonSchema

NICKNAME_LENGTH = 64


class MembershipSchema(ma.Schema):
    """One's own place in a server."""

    server_id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    nickname = ma.fields.String(required=True, allow_none=True)
    timeout_until = Instant(required=True, allow_none=True)
    joined_at = Instant(required=True)


class MemberSchema(ma.Schema):
    """A member with the roles they were given in the server, in force or not."""

    user = ma.fields.Nested(PersonSchema, required=True)
    nickname = ma.fields.String(required=True, allow_none=True)
    timeout_until = Instant(required=True, allow_none=True)
    joined_at = Instant(required=True)
    role_ids = ma.fields.List(ma.fields.Integer(), required=True)


class NicknameSchema(ma.Schema):
    """How a member is called in the server; null: by their display name."""

    nickname = Name(NICKNAME_LENGTH, required=True, allow_none=True)


class TimeoutSchema(ReasonSchema):
    """Until when a member may only read."""

    until = Instant(required=True)


class BanSchema(ma.Schema):
    """Somebody who is kept out."""

    user = ma.fields.Nested(PersonSchema, required=True)
    reason = ma.fields.String(required=True, allow_none=True)
