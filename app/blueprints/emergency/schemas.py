"""Emergencies as the API shows them."""

from __future__ import annotations

import marshmallow as ma

from app.blueprints.emergency.service import MINUTES_MAX, REASON_MIN
from yoto.http.fields import Flag, Instant, Text, Whole
from yoto.http.reasons import REASON_LENGTH


class EmergencyAccessSchema(ma.Schema):
    """One time that somebody took emergency access."""

    id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    reason = ma.fields.String(required=True)
    taken_at = Instant(required=True)
    until = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class TakeSchema(ma.Schema):
    """Why, and for how long."""

    reason = Text(REASON_LENGTH, min_length=REASON_MIN, required=True)
    minutes = Whole(1, MINUTES_MAX, required=True)


class EmergencyAccessesSchema(ma.Schema):
    """The latest, newest first."""

    items = ma.fields.List(ma.fields.Nested(EmergencyAccessSchema), required=True)


class EmergencySchema(ma.Schema):
    """Whether the platform is in an emergency."""

    enabled = Flag(required=True)
    reason = Text(REASON_LENGTH, min_length=REASON_MIN, required=True)


class EmergencyStateSchema(ma.Schema):
    """The same as it is now."""

    enabled = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True, allow_none=True)
