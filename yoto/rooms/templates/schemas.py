"""Permission templates on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length

from yoto.api.admin.registry import PermissionSchema
from yoto.http.reasons import ReasonSchema

LABEL_LENGTH = 64
PARAMETERS_MAX = 20


class TemplateParameterSchema(ma.Schema):
    """A parameter of a template. ``default`` null: a value must be given."""

    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    default = ma.fields.String(required=True, allow_none=True)
    choices = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Its only values; empty: any part of a permission name"},
    )


class LevelPermissionSchema(ma.Schema):
    """A permission, by its name."""

    name = ma.fields.String(required=True)


class TemplateLevelSchema(ma.Schema):
    """A level; it includes the permissions of lower levels."""

    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    adds = ma.fields.Pluck(
        LevelPermissionSchema,
        "name",
        many=True,
        attribute="permissions",
        required=True,
        metadata={"description": "What it has beyond the level before; `{...}` is a parameter"},
    )


class TemplateSchema(ma.Schema):
    """A template with its levels, from the lowest to the highest."""

    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    parameters = ma.fields.List(ma.fields.Nested(TemplateParameterSchema), required=True)
    levels = ma.fields.List(ma.fields.Nested(TemplateLevelSchema), required=True)


class TemplatesSchema(ma.Schema):
    """All templates, by name."""

    items = ma.fields.List(ma.fields.Nested(TemplateSchema), required=True)


class RegisterTemplateSchema(ReasonSchema):
    """Parameters for registering a template's permissions."""

    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        values=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        load_default=dict,
        validate=Length(max=PARAMETERS_MAX),
        metadata={"description": "Values for what the template leaves open, by name"},
    )


class RegisteredTemplateSchema(ma.Schema):
    """The permissions of a template, lowest level first."""

    items = ma.fields.List(ma.fields.Nested(PermissionSchema), required=True)
