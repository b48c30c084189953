"""Roles and overwrites that get a level of a permission template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length
from sqlalchemy import select

from app.blueprints.channels.overwrites import (
    IN_CATEGORY,
    IN_CHANNEL,
    OF_CHANNEL,
    OF_SERVER,
    TARGET,
    OverwriteSchema,
    set_category_overwrite,
    set_channel_overwrite,
)
from app.blueprints.channels.targets import Overwrite
from app.blueprints.naming import api_names
from app.blueprints.roles.access import MANAGE, needs_role_right
from app.blueprints.roles.grants import FIELDS, Grant, ScopeSchema, shown
from app.extensions import permissions
from yoto.http.fields import Flag, ReasonSchema
from yoto.http.operation import Actor, Subject
from yoto.store.db import db
from yoto.store.models import Permission, RoleGrant

LABEL_LENGTH = 64
PARAMETERS_MAX = 20
OF_TARGET = f"{TARGET}/templates/<template>"
OF_ROLE = "/roles/<int:role_id>/templates/<template>"

templates = Subject(
    "templates",
    "",
    "What roles and overwrites get by a level of a permission template",
    "template",
    names={Overwrite: OverwriteSchema},
)


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


class AppliedTemplate(TypedDict):
    """The levels of a template that the role allows there, lowest first."""

    template: str
    level: str
    grants: Sequence[Grant]


@templates.operation(
    "PUT", OF_ROLE, needs_role_right(MANAGE), body=ApplyTemplateSchema, also=(404, 409)
)
def apply_template(actor_id: Actor, role_id: int, template: str, **asked: Any) -> AppliedTemplate:
    """Let a role allow all that a level of a permission template has, in a scope"""
    level = asked.pop("level")
    permissions.templates.check(template, level, asked["parameters"])
    with api_names(FIELDS):
        place = asked.pop("scope"), asked.pop("scope_id")
        receipt = permissions.templates.apply(
            role_id, template, level, *place, **asked, actor_id=actor_id
        )
    statement = (
        select(RoleGrant, Permission.name)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(RoleGrant.id.in_(receipt.ids))
    )
    found = {row.id: shown(row, name) for row, name in db.session.execute(statement)}
    grants = [found[grant_id] for grant_id in receipt.ids]
    return {"template": template, "level": level, "grants": grants}


@templates.operation(
    "PUT", f"{IN_CHANNEL}/{OF_TARGET}", OF_CHANNEL, body=OverwriteTemplateSchema, also=(409,)
)
def set_channel_overwrite_from_template(
    actor_id: Actor,
    channel_id: int,
    target_type: str,
    target_id: int,
    template: str,
    **choice: Any,
) -> Overwrite:
    """Set what a level of a permission template says for a role or user in a channel"""
    names = _names(template, **choice)
    return set_channel_overwrite(actor_id, channel_id, target_type, target_id, **names)


@templates.operation(
    "PUT", f"{IN_CATEGORY}/{OF_TARGET}", OF_SERVER, body=OverwriteTemplateSchema, also=(409,)
)
def set_category_overwrite_from_template(
    actor_id: Actor,
    server_id: int,
    category_id: int,
    target_type: str,
    target_id: int,
    template: str,
    **choice: Any,
) -> Overwrite:
    """Set what a level of a permission template says for a role or user in a category"""
    names = _names(template, **choice)
    return set_category_overwrite(actor_id, server_id, category_id, target_type, target_id, **names)


def _names(
    template: str, level: str, parameters: dict[str, str], deny_beyond: bool
) -> dict[str, list[str]]:
    """``allow`` and ``deny`` of the overwrite that a template's level makes."""
    permissions.templates.check(template, level, parameters)
    names: dict[str, list[str]] = permissions.templates.overwrite(
        template, level, parameters, deny_beyond=deny_beyond
    )
    return names
