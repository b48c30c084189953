"""Routes of permission templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.rooms.templates import service
from yoto.rooms.templates.applying import TEMPLATES
from yoto.rooms.templates.schemas import (
    RegisteredTemplateSchema,
    RegisterTemplateSchema,
    TemplateSchema,
    TemplatesSchema,
)
from yoto.rooms.templates.template import PermissionTemplate
from yoto.store.models import Permission

templates = RestBlueprint(
    "permission-templates",
    __name__,
    url_prefix=f"{API_PREFIX}/permission-templates",
    description="Named sets of permissions that roles are granted by level",
)

MANAGE_REGISTRY = "admin.registry"
TEMPLATE = "/<template>"


@templates.get("")
@signed_in
@templates.response(200, TemplatesSchema)
def list_templates() -> dict[str, Sequence[PermissionTemplate]]:
    """All templates with their levels"""
    return {"items": TEMPLATES.all()}


@templates.get(TEMPLATE)
@signed_in
@templates.response(200, TemplateSchema)
@templates.alt_response(404, "NOT_FOUND")
def read_template(template: str) -> PermissionTemplate:
    """A template with its levels"""
    return TEMPLATES.get(template)


@templates.post(f"{TEMPLATE}/permissions")
@require_permission(MANAGE_REGISTRY)
@once
@templates.arguments(RegisterTemplateSchema)
@templates.response(200, RegisteredTemplateSchema)
@templates.alt_response(404, "NOT_FOUND")
def register_from_template(body: dict[str, Any], template: str) -> dict[str, Sequence[Permission]]:
    """Register the missing permissions of a template; they can never be taken back"""
    return {"items": service.register(current_user_id(), template, body)}
