"""People: their profiles, and the accounts as administrators see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

from flask import current_app
from marshmallow.validate import Length
from sqlalchemy import select

from app import extensions
from app.blueprints.administrators import keeping_an_administrator
from app.extensions import permissions
from app.models import EXTERNAL_ID_LENGTH, User
from yoto.api.people import accounts, begins_with
from yoto.api.rows import change, existing
from yoto.auth.access import signed_in
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.http.database_problems import unique
from yoto.http.fields import Text
from yoto.http.operation import Actor, After, Limit, Subject, Why
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.http.shapes import Between
from yoto.permission import require_permission
from yoto.room import has_room
from yoto.store.db import db
from yoto.store.models import record_audit

SEARCH_MAX = 20  # profiles; a search box shows no more
ADMIN_PERMISSION = "admin.users"
ADMINISTERS = require_permission(ADMIN_PERMISSION)
USERNAME = Length(min=1, max=32)
BEGINS = "How the username begins"

users = Subject("users", "", "People", "user")


class Profile(TypedDict):
    """The part of an account that every signed-in person may see."""

    id: int
    username: str
    display_name: str
    created_at: datetime


class ManagedAccount(Profile):
    """An account as an administrator sees it."""

    disabled: bool
    super_admin: bool
    external_id: str | None


class SearchResult(TypedDict):
    """The first matches by name."""

    items: Sequence[Profile]


class Changes(TypedDict, total=False):
    """Changes by an administrator; fields that are left out stay."""

    disabled: bool
    super_admin: bool
    external_id: Annotated[
        str | None,
        partial(Text, EXTERNAL_ID_LENGTH, min_length=1),
        "How another application calls the account",
    ]


@users.operation("GET", "/users/<int:user_id>", signed_in, also=(404,))
def show_user(user_id: int) -> Profile:
    """The profile of an account"""
    return existing(User, user_id)


@users.operation("GET", "/users", signed_in)
def search_users(
    username: Annotated[str, USERNAME],
    limit: Annotated[int, Between(1, SEARCH_MAX)] = SEARCH_MAX,
) -> SearchResult:
    """Find people by the beginning of their username"""
    statement = select(User).where(begins_with(User.username, username), User.disabled.is_(False))
    return {"items": db.session.scalars(statement.order_by(User.username).limit(limit)).all()}


@users.operation("GET", "/admin/users", ADMINISTERS)
def list_accounts(
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
    username: Annotated[str | None, USERNAME, BEGINS] = None,
    disabled: bool | None = None,
    super_admin: bool | None = None,
) -> Page[ManagedAccount]:
    """All accounts"""
    return accounts(
        after=after, limit=limit, username=username, disabled=disabled, super_admin=super_admin
    )


@users.operation(
    "PATCH",
    "/admin/users/<int:user_id>",
    ADMINISTERS,
    body="ChangeAccount",
    some="Give 'disabled', 'super_admin' or 'external_id'.",
    also=(404, 409),
)
def change_account(
    actor_id: Actor, user_id: int, reason: Why = None, **changes: Unpack[Changes]
) -> ManagedAccount:
    """Disable or enable an account, make or unmake a super-admin, say its external id"""
    with unique("external_id", "is another account's"), keeping_an_administrator():
        user, after = _changed(actor_id, user_id, changes, reason)
    # Disabling has ended every token and session of the account.
    if after.get("disabled") and has_room(current_app, "prefetch"):
        extensions.prefetch.current.forget_later(user_id)
    return user


def _changed(
    actor_id: int, user_id: int, changes: dict[str, Any], reason: str | None
) -> tuple[User, dict[str, Any]]:
    """The account, and what changed about it.

    No account changes itself, so there is always a super-admin left. An account that is a
    super-admin's, or becomes one, is changed by super-admins alone; one that stands above the
    actor, or has platform rights that the actor lacks and is to be enabled, by neither.
    """
    actor, user = _locked(actor_id, user_id)
    if user.id == actor.id:
        raise ValidationFailed(
            {field: "cannot be changed on one's own account" for field in changes}
        )
    if (user.super_admin or "super_admin" in changes) and not actor.super_admin:
        raise PermissionDenied("super_admin_only", ADMIN_PERMISSION)
    permissions.check_not_above(actor.id, user.id)
    if changes.get("disabled") is False and user.disabled:
        permissions.check_enabling(actor.id, user.id)
    before, after = change(user, changes)
    if after.get("disabled"):
        user.token_epoch += 1
    if after:
        record_audit(
            "user.update",
            f"user:{user.id}",
            by=actor.id,
            before=before,
            after=after,
            reason=reason,
        )
    return user, after


def _locked(actor_id: int, user_id: int) -> tuple[User, User]:
    """Both rows, locked in one order: two super-admins cannot unmake each other at once."""
    rows = db.session.scalars(
        select(User)
        .where(User.id.in_({actor_id, user_id}))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {user.id: user for user in rows}
    if user_id not in found:
        raise UnknownResource("user", user_id)
    actor = found[actor_id]
    if actor.disabled:
        raise PermissionDenied("disabled", ADMIN_PERMISSION)
    return actor, found[user_id]
