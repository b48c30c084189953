"""Routes of the permission registry."""

from __future__ import annotations

from typing import Any

from flask import url_for

from yoto.api.admin.registry import service
from yoto.api.admin.registry.schemas import NewPermissionSchema, PermissionSchema
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.store.models import Permission

registry = RestBlueprint(
    "registry",
    __name__,
    url_prefix=f"{API_PREFIX}/admin/permissions",
    description="Which permissions there are",
)

MANAGE_REGISTRY = "admin.registry"


@registry.get("")
@require_permission(MANAGE_REGISTRY)
@registry.arguments(PageQuery, location="query")
@registry.response(200, page_of(PermissionSchema))
def list_permissions(query: dict[str, Any]) -> Page[Permission]:
    """All registered permissions"""
    return service.registered(**query)


@registry.get("/<permission>")
@require_permission(MANAGE_REGISTRY)
@registry.response(200, PermissionSchema)
@registry.alt_response(404, "NOT_FOUND")
def read_permission(permission: str) -> Permission:
    """A registered permission"""
    return service.one(permission)


@registry.post("")
@require_permission(MANAGE_REGISTRY)
@once
@registry.arguments(NewPermissionSchema)
@registry.response(201, PermissionSchema)
@registry.alt_response(409, "CONFLICT")
def register_permission(body: dict[str, Any]) -> tuple[Permission, dict[str, str]]:
    """Register a permission; it can never be taken back"""
    made = service.register(current_user_id(), body)
    return made, {"Location": url_for(".read_permission", permission=made.name)}
