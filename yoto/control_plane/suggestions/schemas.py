"""What suggestions look like to operators."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.control_api import ActSchema
from yoto.http.fields import EpochInstant, Flag, Name

ID_LENGTH = 128
RESULTS = ("observed", "kept", "reverted")


class SuggestionSchema(ma.Schema):
    """One change of one setting, in the setting's unit."""

    id = ma.fields.String(required=True)
    setting = ma.fields.String(required=True)
    key = ma.fields.String(
        required=True, metadata={"description": "What it is called in the configuration"}
    )
    unit = ma.fields.String(
        required=True, metadata={"description": "What `now` and `proposed` count, or `s`"}
    )
    now = ma.fields.Float(required=True)
    proposed = ma.fields.Float(required=True)
    why = ma.fields.String(required=True)
    effect = ma.fields.String(required=True)
    confidence = ma.fields.Float(required=True)
    metric = ma.fields.String(
        required=True, metadata={"description": "The measurement that must not get worse"}
    )
    code = ma.fields.String(
        required=True, metadata={"description": "What `why` and `effect` say, as a name"}
    )
    figures = ma.fields.Dict(required=True, metadata={"description": "The values in `why`"})
    live = Flag(required=True, metadata={"description": "Can be applied while workers run"})
    by_hand = Flag(
        required=True, metadata={"description": "Followed only when somebody asks for it"}
    )


class TuningOutcomeSchema(ma.Schema):
    """A suggestion that was followed, and what came of it."""

    id = ma.fields.String(required=True)
    setting = ma.fields.String(required=True)
    key = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    before = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "null: as configured"}
    )
    value = ma.fields.Float(required=True)
    metric = ma.fields.String(required=True)
    metric_unit = ma.fields.String(required=True, allow_none=True)
    at = EpochInstant(required=True)
    author = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    by_itself = Flag(required=True)
    result = ma.fields.String(required=True, validate=OneOf(RESULTS))
    ended_at = EpochInstant(required=True, allow_none=True)
    why = ma.fields.String(required=True, metadata={"description": "The verdict in words"})
    verdict = ma.fields.String(
        required=True,
        metadata={
            "description": "better, same, worse, too_little, overruled, not_applied; or empty"
        },
    )
    figures = ma.fields.Dict(
        required=True, metadata={"description": "`before` and `after`, where it was measured"}
    )


class SuggestionsSchema(ma.Schema):
    """What is suggested now, the surest first; nothing while a change is being observed."""

    items = ma.fields.List(ma.fields.Nested(SuggestionSchema), required=True)
    observed = ma.fields.Nested(TuningOutcomeSchema, required=True, allow_none=True)
    window = ma.fields.Float(
        required=True, metadata={"description": "s that are compared before and after a change"}
    )
    outcomes = ma.fields.List(ma.fields.Nested(TuningOutcomeSchema), required=True)
    dismissed = ma.fields.List(ma.fields.String(), required=True)


class SuggestionActSchema(ActSchema):
    """What to do about one of those that are suggested now, or were dismissed."""

    id = Name(ID_LENGTH, required=True)
