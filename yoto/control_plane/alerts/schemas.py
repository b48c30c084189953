"""What alerts and silences look like to operators."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.control_plane.alerts.fields import LevelField, UnitField
from yoto.http.control_api import ActSchema
from yoto.http.fields import MAX_ID, EpochInstant, Flag, Name, Whole
from yoto.http.paging import PageQuery, page_of
from yoto.monitor import EVERY_RULE, MOST_SILENCES

OPEN, OVER, UNCLAIMED, ANY = "open", "over", "unclaimed", "any"
STATES = (OPEN, OVER, UNCLAIMED, ANY)
RULE_LENGTH = 64
LABELS_MAX = 16
SILENCE_MIN, SILENCE_MAX = 10, 30 * 24 * 3600  # s


class AlertQuery(PageQuery):
    """Which alerts, newest first."""

    state = ma.fields.String(
        load_default=OPEN,
        validate=OneOf(STATES),
        metadata={"description": "`unclaimed`: those that hold and nobody takes care of"},
    )
    rule = ma.fields.String(load_default=None, validate=Length(1, RULE_LENGTH))
    level = LevelField(load_default=None)


class AlertSchema(ma.Schema):
    """One alert, from its raising to its end."""

    id = ma.fields.Integer(required=True)
    rule = ma.fields.String(required=True)
    labels = ma.fields.Dict(ma.fields.String(), ma.fields.String(), required=True)
    level = LevelField(required=True, metadata={"description": "Now, or when it ended"})
    value = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Now, or when it ended; null: unknown"},
    )
    limit = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "The threshold of its level; at its end that of the worst level"},
    )
    peak_level = LevelField(required=True, metadata={"description": "The worst since it began"})
    peak_value = ma.fields.Float(required=True, allow_none=True)
    unit = UnitField(
        required=True, allow_none=True, metadata={"description": "null: its rule is gone"}
    )
    cause = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    open = Flag(required=True)
    silenced = Flag(required=True)
    raised_at = EpochInstant(required=True)
    changed_at = EpochInstant(required=True)
    resolved_at = EpochInstant(required=True, allow_none=True)
    acknowledged_at = EpochInstant(required=True, allow_none=True)
    acknowledged_by = ma.fields.String(required=True, allow_none=True)
    note = ma.fields.String(required=True, allow_none=True)


class AlertEventSchema(ma.Schema):
    """Something that happened to an alert."""

    id = ma.fields.Integer(required=True)
    at = EpochInstant(required=True)
    type = ma.fields.String(required=True)
    data = ma.fields.Dict(required=True, metadata={"description": "As in the event stream"})


class AlertDetailSchema(AlertSchema):
    """An alert with what happened to it, newest first."""

    history = ma.fields.List(ma.fields.Nested(AlertEventSchema), required=True)
    history_next = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "`after` for the rest at `history`; null: that was all"},
    )


class SilenceQuery(ma.Schema):
    """Which silences: by default all that can be active at once."""

    active = ma.fields.Boolean(load_default=True)
    after = ma.fields.Integer(
        load_default=None,
        validate=Range(0, MAX_ID),
        metadata={"description": "The `next` of the page before"},
    )
    limit = ma.fields.Integer(load_default=MOST_SILENCES, validate=Range(1, MOST_SILENCES))


class SilenceSchema(ma.Schema):
    """Alerts that match notify nobody until then; they are raised and shown all the same."""

    id = ma.fields.Integer(required=True)
    rule = ma.fields.String(required=True, metadata={"description": f"`{EVERY_RULE}`: every rule"})
    labels = ma.fields.Dict(ma.fields.String(), ma.fields.String(), required=True)
    until = EpochInstant(required=True)
    by = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    created_at = EpochInstant(required=True)
    ended_at = EpochInstant(required=True, allow_none=True)
    ended_by = ma.fields.String(required=True, allow_none=True)


class NewSilenceSchema(ActSchema):
    """A silence to begin."""

    rule = Name(RULE_LENGTH, required=True)
    labels = ma.fields.Dict(
        Name(RULE_LENGTH),
        ma.fields.String(validate=Length(max=RULE_LENGTH)),
        load_default=dict,
        validate=Length(max=LABELS_MAX),
    )
    seconds = Whole(SILENCE_MIN, SILENCE_MAX, required=True)


ALERT_PAGE = page_of(AlertSchema)
ALERT_EVENT_PAGE = page_of(AlertEventSchema)
SILENCE_PAGE = page_of(SilenceSchema)
