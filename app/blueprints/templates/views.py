"""Routes of what roles and overwrites get by a level of a permission template."""

from __future__ import annotations

from typing import Any

from app.blueprints.channels.overwrites import service as overwrites
from app.blueprints.channels.overwrites.schemas import OverwriteSchema
from app.blueprints.channels.targets import Overwrite, Target
from app.blueprints.roles.access import MANAGE, needs_role_right
from app.blueprints.templates import service
from app.blueprints.templates.schemas import (
    AppliedTemplateSchema,
    ApplyTemplateSchema,
    OverwriteTemplateSchema,
)
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

templates = RestBlueprint(
    "templates",
    __name__,
    url_prefix=API_PREFIX,
    description="What roles and overwrites get by a level of a permission template",
)

OF_TARGET = "overwrites/<any(role, user):target_type>/<int:target_id>/templates/<template>"
IN_CHANNEL = f"/channels/<int:channel_id>/{OF_TARGET}"
IN_CATEGORY = f"/servers/<int:server_id>/categories/<int:category_id>/{OF_TARGET}"
OF_ROLE = "/roles/<int:role_id>/templates/<template>"


@templates.put(OF_ROLE)
@needs_role_right(MANAGE)
@templates.arguments(ApplyTemplateSchema)
@templates.response(200, AppliedTemplateSchema)
@templates.alt_response(404, "NOT_FOUND")
@templates.alt_response(409, "CONFLICT")
def apply_template(body: dict[str, Any], role_id: int, template: str) -> dict[str, Any]:
    """Let a role allow all that a level of a permission template has, in a scope"""
    return service.apply_template(current_user_id(), role_id, template, body)


@templates.put(IN_CHANNEL)
@require_permission("channel.overwrite", "channel", "channel_id")
@templates.arguments(OverwriteTemplateSchema)
@templates.response(200, OverwriteSchema)
@templates.alt_response(409, "CONFLICT")
def set_channel_overwrite_from_template(
    body: dict[str, Any], channel_id: int, target_type: str, target_id: int, template: str
) -> Overwrite:
    """Set what a level of a permission template says for a role or user in a channel"""
    target = Target(target_type, target_id)
    names = service.names_of_overwrite(template, body)
    return overwrites.set_in_channel(channel_id, target, current_user_id(), **names)


@templates.put(IN_CATEGORY)
@require_permission("channel.overwrite", "server", "server_id")
@templates.arguments(OverwriteTemplateSchema)
@templates.response(200, OverwriteSchema)
@templates.alt_response(409, "CONFLICT")
def set_category_overwrite_from_template(
    body: dict[str, Any],
    server_id: int,
    category_id: int,
    target_type: str,
    target_id: int,
    template: str,
) -> Overwrite:
    """Set what a level of a permission template says for a role or user in a category"""
    target = Target(target_type, target_id)
    names = service.names_of_overwrite(template, body)
    return overwrites.set_in_category(server_id, category_id, target, current_user_id(), **names)
