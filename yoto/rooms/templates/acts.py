"""Routes of permission templates: reading them, and registering their permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length
from sqlalchemy import select

from yoto.api.registry import MANAGE_REGISTRY, PermissionSchema
from yoto.auth.access import signed_in
from yoto.http.declared import people_blueprint
from yoto.http.fields import ReasonSchema
from yoto.http.operation import Actor, Subject
from yoto.rooms.templates.applying import TEMPLATES
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel
from yoto.store.db import db
from yoto.store.models import Permission

LABEL_LENGTH = 64
PARAMETERS_MAX = 20
TEMPLATE = "/<template>"


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


class RegisterTemplateSchema(ReasonSchema):
    """Parameters for registering a template's permissions."""

    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        values=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        load_default=dict,
        validate=Length(max=PARAMETERS_MAX),
        metadata={"description": "Values for what the template leaves open, by name"},
    )


class Templates(TypedDict):
    """All templates, by name."""

    items: Sequence[PermissionTemplate]


class RegisteredTemplate(TypedDict):
    """The permissions of a template, lowest level first."""

    items: Sequence[Permission]


templates = Subject(
    "permission-templates",
    "/permission-templates",
    "Named sets of permissions that roles are granted by level",
    "template",
    names={
        PermissionTemplate: "Template",
        TemplateLevel: TemplateLevelSchema,
        Permission: PermissionSchema,
    },
)


@templates.operation("GET", "", signed_in)
def list_templates() -> Templates:
    """All templates with their levels"""
    return {"items": TEMPLATES.all()}


@templates.operation("GET", TEMPLATE, signed_in, also=(404,))
def read_template(template: str) -> PermissionTemplate:
    """A template with its levels"""
    return TEMPLATES.get(template)


@templates.operation(
    "POST",
    f"{TEMPLATE}/permissions",
    MANAGE_REGISTRY,
    body=RegisterTemplateSchema,
    once=True,
    also=(404,),
)
def register_from_template(
    actor_id: Actor, template: str, parameters: dict[str, Any], reason: str | None
) -> RegisteredTemplate:
    """Register the missing permissions of a template; they can never be taken back"""
    TEMPLATES.check(template, None, parameters)
    receipt = TEMPLATES.register(template, parameters, actor_id=actor_id, reason=reason)
    found = db.session.scalars(select(Permission).where(Permission.id.in_(receipt.ids)))
    by_id = {permission.id: permission for permission in found}
    return {"items": [by_id[permission_id] for permission_id in receipt.ids]}


# Made once for all applications of a process.
routes = people_blueprint(templates)
