"""Routes of categories."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.blueprints.channels.categories import service
from app.blueprints.channels.categories.schemas import (
    CategorySchema,
    ChangeCategorySchema,
    NewCategorySchema,
)
from app.blueprints.channels.listing import visible_categories
from app.models import Category
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

categories = RestBlueprint(
    "categories", __name__, url_prefix=API_PREFIX, description="Headings over channels"
)

CATEGORIES = "/servers/<int:server_id>/categories"
CATEGORY = f"{CATEGORIES}/<int:category_id>"


@categories.get(CATEGORIES)
@signed_in
@categories.response(200, page_of(CategorySchema))
def list_categories(server_id: int) -> Page[Category]:
    """The categories in which you may read a channel, or all if you may manage channels"""
    return Page(visible_categories(server_id, identity()), None)


@categories.post(CATEGORIES)
@require_permission("channel.manage", "server", "server_id")
@once
@categories.arguments(NewCategorySchema)
@categories.response(201, CategorySchema)
@categories.alt_response(409, "CONFLICT")
def create_category(body: dict[str, Any], server_id: int) -> tuple[Category, dict[str, str]]:
    """Make a category"""
    category = service.create_category(server_id, current_user_id(), **body)
    return category, {"Location": url_for(".list_categories", server_id=server_id)}


@categories.patch(CATEGORY)
@require_permission("channel.manage", "server", "server_id")
@categories.arguments(ChangeCategorySchema)
@categories.response(200, CategorySchema)
def change_category(body: dict[str, Any], server_id: int, category_id: int) -> Category:
    """Change name or position"""
    return service.change_category(server_id, category_id, current_user_id(), body)


@categories.delete(CATEGORY)
@require_permission("channel.manage", "server", "server_id")
@categories.response(204)
def delete_category(server_id: int, category_id: int) -> None:
    """Delete a category; its channels stay, with unchanged permissions"""
    service.delete_category(server_id, category_id, current_user_id())
