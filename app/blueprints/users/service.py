"""Accounts: finding them, and what administrators change about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select

from app import extensions
from app.blueprints.administrators import keeping_an_administrator
from app.extensions import permissions
from app.models import User
from yoto.api.people import begins_with
from yoto.api.rows import change
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.http.database_problems import unique
from yoto.room import has_room
from yoto.store.db import db
from yoto.store.models import record_audit

ADMIN_PERMISSION = "admin.users"


def search(prefix: str, limit: int) -> Sequence[User]:
    """Accounts that are not disabled and whose username begins with ``prefix``, by name."""
    statement = select(User).where(begins_with(User.username, prefix), User.disabled.is_(False))
    return db.session.scalars(statement.order_by(User.username).limit(limit)).all()


def change_account(
    actor_id: int, user_id: int, changes: dict[str, Any], reason: str | None
) -> User:
    """Set ``disabled``, ``super_admin`` or ``external_id``.

    Disabling ends every token and session of the account, and its behaviour is forgotten.

    Raises:
        UnknownResource: there is no such account.
        ValidationFailed: it is the actor's own account. So there is always a super-admin left.
        PermissionDenied: the actor is none, but a super-admin is, or would be, concerned; the
            account's global roles stand above the actor's; or enabling it would grant platform
            rights that the actor does not have.
        LastAdministrator: no administrator would be left.
        Conflict: another account has that external id.
    """
    with unique("external_id", "is another account's"), keeping_an_administrator():
        user, after = _changed(actor_id, user_id, changes, reason)
    if after.get("disabled") and has_room(current_app, "prefetch"):
        extensions.prefetch.current.forget_later(user_id)
    return user


def _changed(
    actor_id: int, user_id: int, changes: dict[str, Any], reason: str | None
) -> tuple[User, dict[str, Any]]:
    """The account, and what changed about it."""
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
