"""Administration of operators. The last administrator cannot be locked out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.blueprints.administrators import keeping_an_administrator
from app.blueprints.operator_roles import operator_roles
from app.blueprints.operators.accounts import listing
from app.blueprints.operators.second_factor import service as second_factor
from app.extensions import permissions
from app.models import User
from yoto.auth.operators import ADMIN
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.store.db import db, writing
from yoto.store.models import account_of, record_audit

# Why an administrator is refused what only a super-admin may do.
ABOVE = "role_too_high"


def grant(
    username: str, role_id: int, valid_until: datetime | None, by: str, reason: str
) -> dict[str, Any]:
    """Give an account one of the operator roles, or one it has another end.

    Raises:
        ValidationFailed: no such account, no role that gives rights on the platform, or an end
            that is over.
        PermissionDenied: the role stands too high for the actor, or grants more than they have.
        LastAdministrator: the last administrator would lose the role at that end.
    """
    user_id = db.session.scalar(select(User.id).where(User.username == username))
    if user_id is None:
        raise ValidationFailed({"username": f"no account '{username}'"})
    _check_role(role_id)
    with keeping_an_administrator():
        permissions.assign_roles_to_user(
            user_id,
            [role_id],
            None,
            None,
            valid_until,
            actor_id=account_of(by),
            by=by,
            reason=reason,
            in_maintenance=True,
            commit=False,
        )
        # The response is read before the commit: after it nothing may make the action look failed.
        shown = listing.one(user_id)
    return shown


def revoke(user_id: int, role_id: int, by: str, reason: str) -> dict[str, Any]:
    """Take an operator role from an account.

    Raises:
        UnknownResource: no such account.
        ValidationFailed: it does not have that role.
        PermissionDenied: the role stands too high for the actor.
        LastAdministrator: it is the last administrator's.
    """
    _existing(user_id)
    _check_role(role_id)
    with keeping_an_administrator():
        permissions.revoke_roles_from_user(
            user_id,
            [role_id],
            actor_id=account_of(by),
            by=by,
            reason=reason,
            in_maintenance=True,
            commit=False,
        )
        shown = listing.one(user_id)
    return shown


def disable(user_id: int, by: str, reason: str) -> dict[str, Any]:
    """Let an account sign in no more; its sessions and tokens of every kind are refused at once.

    Raises:
        UnknownResource: no such account.
        PermissionDenied: it is a super-admin's, and the actor is none, or its global roles stand
            above the actor's.
        LastAdministrator: it is the last administrator's.
    """
    _check_above(_existing(user_id), by)
    with keeping_an_administrator():
        user = db.session.get_one(User, user_id)
        before = {"disabled": user.disabled}
        user.disabled = True
        user.token_epoch += 1
        record_audit(
            "operator.disable",
            f"user:{user_id}",
            by=by,
            before=before,
            after={"disabled": True},
            reason=reason,
        )
        shown = listing.one(user_id)
    return shown


def enable(user_id: int, by: str, reason: str) -> dict[str, Any]:
    """Let an account sign in again; what was ended stays so.

    Raises: as ``disable``; ``PermissionDenied`` also if it has rights on the platform that the
        actor has not.
    """
    _check_above(_existing(user_id), by)
    actor_id = account_of(by)
    if actor_id is not None:
        permissions.check_enabling(actor_id, user_id)
    with writing():
        user = db.session.get_one(User, user_id)
        before = {"disabled": user.disabled}
        user.disabled = False
        record_audit(
            "operator.enable",
            f"user:{user_id}",
            by=by,
            before=before,
            after={"disabled": False},
            reason=reason,
        )
        shown = listing.one(user_id)
        db.session.commit()
    return shown


def end_sessions(user_id: int, by: str, reason: str) -> dict[str, Any]:
    """Sign an account out everywhere; its API tokens end, too.

    Raises: as ``disable``, but for the last administrator, who signs in again.
    """
    _check_above(_existing(user_id), by)
    with writing():
        user = db.session.get_one(User, user_id)
        ended = listing.tokens_of([user_id]).get(user_id, 0)
        user.token_epoch += 1
        record_audit(
            "operator.end_sessions",
            f"user:{user_id}",
            by=by,
            after={"tokens_ended": ended},
            reason=reason,
        )
        shown = listing.one(user_id)
        db.session.commit()
    return shown


def remove_second_factor(user_id: int, by: str, reason: str) -> dict[str, Any]:
    """Let an operator who lost their second factor sign in without it.

    Raises:
        UnknownResource: no such account, or it has no second factor.
        PermissionDenied: it is a super-admin's, and the actor is none.
    """
    _check_above(_existing(user_id), by)
    second_factor.remove(user_id, by, reason)
    return listing.one(user_id)


def _existing(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        raise UnknownResource("user", user_id)
    return user


def _check_role(role_id: int) -> None:
    if role_id not in operator_roles():
        raise ValidationFailed({"role_id": "is no global role that gives rights on the platform"})


def _check_above(user: User, by: str) -> None:
    actor_id = account_of(by)
    if actor_id is None:
        return
    if user.super_admin:
        actor = db.session.get(User, actor_id)
        if actor is None or not actor.super_admin:
            raise PermissionDenied(ABOVE, ADMIN)
    permissions.check_not_above(actor_id, user.id)
