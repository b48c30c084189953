"""What the rules of alerts look like to operators."""

from __future__ import annotations

import marshmallow as ma

from yoto.control_plane.alerts.fields import LevelField, UnitField
from yoto.http.control_api import ActSchema
from yoto.http.fields import EpochInstant, Flag, Name
from yoto.http.paging import page_of

RULE_LENGTH = 64


class AlertRuleSchema(ma.Schema):
    """A rule as it holds now, what operators set on it, and what the code says."""

    name = ma.fields.String(required=True)
    metric = ma.fields.String(required=True)
    unit = UnitField(required=True)
    direction = ma.fields.String(
        required=True, metadata={"description": "The side on which values are bad"}
    )
    labels = ma.fields.Dict(ma.fields.String(), ma.fields.String(), required=True)
    text = ma.fields.String(required=True)
    warning = ma.fields.Float(required=True, allow_none=True)
    error = ma.fields.Float(required=True, allow_none=True)
    critical = ma.fields.Float(required=True, allow_none=True)
    hold = ma.fields.Float(required=True, metadata={"description": "s beyond before an alert"})
    recover = ma.fields.Float(required=True, metadata={"description": "s back before its end"})
    hysteresis = ma.fields.Float(
        required=True, metadata={"description": "How far back, as a share of the threshold"}
    )
    enabled = Flag(required=True)
    unknown_after = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "s without a value after which that is an alert; null: never"},
    )
    unknown_level = LevelField(required=True)
    degrade = ma.fields.String(required=True)
    degrade_from = LevelField(required=True)
    own = Flag(required=True, metadata={"description": "Operators made it"})
    version = ma.fields.Integer(required=True)
    set = ma.fields.Dict(required=True, metadata={"description": "The fields that operators set"})
    default = ma.fields.Dict(
        required=True, metadata={"description": "Such fields in code; empty: it has no such rule"}
    )


class AlertRulesSchema(ma.Schema):
    """Every rule."""

    items = ma.fields.List(ma.fields.Nested(AlertRuleSchema), required=True)


class RuleChangeSchema(ma.Schema):
    """A version of what operators set on a rule."""

    version = ma.fields.Integer(required=True)
    set = ma.fields.Dict(required=True, attribute="values")
    by = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    at = EpochInstant(required=True)


RULE_CHANGE_PAGE = page_of(RuleChangeSchema)


class NewRuleSchema(ActSchema):
    """A rule to make."""

    name = Name(RULE_LENGTH, required=True)
    values = ma.fields.Dict(
        ma.fields.String(),
        ma.fields.Raw(allow_none=True),
        required=True,
        metadata={"description": "At least `metric`, `direction` and one threshold"},
    )


class SetRuleSchema(ActSchema):
    """Fields to lay over a rule, beside those that are set already."""

    values = ma.fields.Dict(ma.fields.String(), ma.fields.Raw(allow_none=True), required=True)
