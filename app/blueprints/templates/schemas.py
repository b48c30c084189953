"""The choice of a level of a permission template, as the API shows it."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length

from app.blueprints.roles.grants.schemas import GrantSchema, ScopeSchema
from yoto.http.fields import Flag
from yoto.http.reasons import ReasonSchema

LABEL_LENGTH = 64
PARAMETERS_MAX = 20


class LevelChoiceSchema(ma.Schema):
    """One level of a template."""

    level = ma.fields.String(required=True, validate=Length(1, LABEL_LENGTH))
    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        values=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        load_default=dict,
        validate=Length(max=PARAMETERS_MAX),
        metadata={"description": "Values for what the template leaves open, by name"},
    )


class OverwriteTemplateSchema(LevelChoiceSchema):
    """The level of a permission template that the target is to be allowed, and nothing else."""

    deny_beyond = Flag(
        load_default=False,
        metadata={"description": "Deny what the levels above have; else it is left to the rest"},
    )


class ApplyTemplateSchema(LevelChoiceSchema, ScopeSchema, ReasonSchema):
    """The level of a template that the role is to have there."""

    replace = Flag(
        load_default=False,
        metadata={"description": "Also remove what the role allows there of the levels above"},
    )


class AppliedTemplateSchema(ma.Schema):
    """The levels of a template that the role allows there, lowest first."""

    template = ma.fields.String(required=True)
    level = ma.fields.String(required=True)
    grants = ma.fields.List(ma.fields.Nested(GrantSchema), required=True)
