"""Routes of ``/api/v1/users`` and ``/api/v1/admin/users``."""

from __future__ import annotations

from typing import Any

from app.blueprints.users import service
from app.blueprints.users.schemas import (
    AccountQuery,
    ChangeAccountSchema,
    ManagedAccountSchema,
    ProfileSchema,
    SearchQuery,
    SearchResultSchema,
)
from app.models import User
from yoto.api.people import accounts
from yoto.api.rows import existing
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

users = RestBlueprint("users", __name__, url_prefix=API_PREFIX, description="People")


@users.route("/users/<int:user_id>")
@signed_in
@users.response(200, ProfileSchema)
@users.alt_response(404, "NOT_FOUND")
def show_user(user_id: int) -> User:
    """The profile of an account"""
    return existing(User, user_id)


@users.route("/users")
@signed_in
@users.arguments(SearchQuery, location="query")
@users.response(200, SearchResultSchema)
def search_users(query: dict[str, Any]) -> dict[str, Any]:
    """Find people by the beginning of their username"""
    return {"items": service.search(query["username"], query["limit"])}


@users.route("/admin/users")
@require_permission(service.ADMIN_PERMISSION)
@users.arguments(AccountQuery, location="query")
@users.response(200, page_of(ManagedAccountSchema))
def list_accounts(query: dict[str, Any]) -> Page[User]:
    """All accounts"""
    return accounts(**query)


@users.route("/admin/users/<int:user_id>", methods=["PATCH"])
@require_permission(service.ADMIN_PERMISSION)
@users.arguments(ChangeAccountSchema)
@users.response(200, ManagedAccountSchema)
@users.alt_response(404, "NOT_FOUND")
@users.alt_response(409, "CONFLICT")
def change_account(body: dict[str, Any], user_id: int) -> User:
    """Disable or enable an account, make or unmake a super-admin, say its external id"""
    reason = body.pop("reason")
    return service.change_account(current_user_id(), user_id, body, reason)
