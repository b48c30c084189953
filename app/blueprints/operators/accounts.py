"""Operators as they see and administer each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypedDict

import click
from marshmallow.validate import Regexp
from sqlalchemy import select

from app.blueprints.administrators import keeping_an_administrator
from app.blueprints.operator_roles import OperatorRole, operator_roles
from app.blueprints.operators import account_list, second_factor
from app.blueprints.operators.account_list import Operator
from app.extensions import permissions
from app.models import USERNAME_PATTERN, User
from yoto.api.rows import existing, locked
from yoto.auth.operators import ADMIN
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.http.operation import After, Author, Command, Limit, Reason, Subject, Until
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.http.shapes import Between
from yoto.moments import moment
from yoto.nodes import MAX_ID
from yoto.store.db import db, writing
from yoto.store.models import account_of, record_audit

# Why an administrator is refused what only a super-admin may do.
ABOVE = "role_too_high"
OPERATOR = "/<int:user_id>"
UserId = Annotated[int, click.IntRange(1)]
RoleId = Annotated[int, Between(1, MAX_ID), click.IntRange(1)]

operators = Subject(
    "operators",
    "/operators",
    "Who may see and steer the platform",
    "user",
    "control operators",
    "See and change who may steer the platform.",
)


class OperatorRoles(TypedDict):
    """All of them, lowest position first."""

    items: Sequence[OperatorRole]


def line_of(one: Operator, **given: Any) -> Iterator[str]:
    """An operator in one line of the terminal."""
    rights = ", ".join(one["rights"]) or "no right now"
    roles = ", ".join(role["name"] for role in one["roles"])
    facts = [
        "super-admin" if one["super_admin"] else "",
        "disabled" if one["disabled"] else "",
        f"by {roles}" if roles else "",
        f"signed in {moment(one['last_sign_in'])}" if one["last_sign_in"] else "never signed in",
        f"{one['tokens']} tokens" if one["tokens"] else "",
        "with a second factor" if one["second_factor"] else "",
    ]
    about = ", ".join(fact for fact in facts if fact)
    yield f"{one['id']:>8}  {one['username']:<20}  {rights} ({about})"


def _command(name: str, help: str, **more: Any) -> Command:
    return Command(name, line_of, help, has_json=False, **more)


@operators.operation("GET", "", ADMIN)
def list_operators(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Operator]:
    """Everybody who was given a right on the platform, by id"""
    return account_list.listed(after, limit)


@operators.operation("GET", "/roles", ADMIN)
def list_operator_roles() -> OperatorRoles:
    """The global roles that give such rights"""
    return {"items": list(operator_roles().values())}


@operators.operation(
    "POST",
    "",
    ADMIN,
    _command(
        "grant",
        "Give USERNAME the role ROLE_ID.",
        arguments=("username", "role_id"),
        called={"valid_until": "until"},
    ),
    body="GrantRole",
    also=(409,),
)
def grant_operator_role(
    username: Annotated[str, Regexp(rf"{USERNAME_PATTERN}\Z")],
    role_id: RoleId,
    *,
    reason: Reason,
    by: Author,
    valid_until: Until = None,
) -> Operator:
    """Give somebody a role; one that they have gets the new end"""
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
            **_written(by, reason),
        )
        # The response is read before the commit: after it nothing may make the action look failed.
        shown = account_list.one(user_id)
    return shown


@operators.operation(
    "POST",
    f"{OPERATOR}/revoke",
    ADMIN,
    _command("revoke", "Take the role ROLE_ID from the account USER_ID.", arguments=("role_id",)),
    body="RevokeRole",
    also=(409,),
)
def revoke_operator_role(
    user_id: UserId, role_id: RoleId, *, reason: Reason, by: Author
) -> Operator:
    """Take a role back; the last administrator keeps theirs"""
    existing(User, user_id)
    _check_role(role_id)
    with keeping_an_administrator():
        permissions.revoke_roles_from_user(user_id, [role_id], **_written(by, reason))
        shown = account_list.one(user_id)
    return shown


@operators.operation(
    "POST",
    f"{OPERATOR}/disable",
    ADMIN,
    _command(
        "disable",
        "Let the account USER_ID sign in no more, and end its sessions and API tokens.",
    ),
    also=(409,),
)
def disable_operator(user_id: UserId, *, reason: Reason, by: Author) -> Operator:
    """Let an account sign in no more, and end its sessions and API tokens for good"""
    with keeping_an_administrator():
        user = _locked_below(user_id, by)
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
        shown = account_list.one(user_id)
    return shown


@operators.operation(
    "POST",
    f"{OPERATOR}/enable",
    ADMIN,
    _command("enable", "Let the account USER_ID sign in again."),
)
def enable_operator(user_id: UserId, *, reason: Reason, by: Author) -> Operator:
    """Let an account sign in again"""
    with writing():
        user = _locked_below(user_id, by)
        actor_id = account_of(by)
        if actor_id is not None:
            permissions.check_enabling(actor_id, user_id)
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
        shown = account_list.one(user_id)
        db.session.commit()
    return shown


@operators.operation(
    "POST",
    f"{OPERATOR}/remove-second-factor",
    ADMIN,
    _command(
        "remove-second-factor",
        "Let the account USER_ID, which lost its second factor, sign in without.",
    ),
)
def remove_operator_second_factor(user_id: UserId, *, reason: Reason, by: Author) -> Operator:
    """Take the second factor of somebody who lost it; they sign in with their password alone"""
    with writing():
        _locked_below(user_id, by)
        second_factor.remove(user_id, by=by, reason=reason)
        shown = account_list.one(user_id)
        db.session.commit()
    return shown


@operators.operation(
    "POST",
    f"{OPERATOR}/end-sessions",
    ADMIN,
    _command("end-sessions", "Sign the account USER_ID out everywhere; its API tokens end, too."),
)
def end_operator_sessions(user_id: UserId, *, reason: Reason, by: Author) -> Operator:
    """Sign an account out everywhere; its API tokens end with its sessions"""
    with writing():
        user = _locked_below(user_id, by)
        ended = account_list.tokens_of([user_id]).get(user_id, 0)
        user.token_epoch += 1
        record_audit(
            "operator.end_sessions",
            f"user:{user_id}",
            by=by,
            after={"tokens_ended": ended},
            reason=reason,
        )
        shown = account_list.one(user_id)
        db.session.commit()
    return shown


def _written(by: str, reason: str) -> dict[str, Any]:
    """How both acts on roles are written, in the transaction of their caller."""
    return {
        "actor_id": account_of(by),
        "by": by,
        "reason": reason,
        "in_maintenance": True,
        "commit": False,
    }


def _check_role(role_id: int) -> None:
    if role_id not in operator_roles():
        raise ValidationFailed({"role_id": "is no global role that gives rights on the platform"})


def _locked_below(user_id: int, by: str) -> User:
    """The account as it is now, locked; its ranks cannot change before the act.

    Raises:
        UnknownResource: there is none.
        PermissionDenied: it stands above the author.
    """
    user = locked(User, user_id)
    actor_id = account_of(by)
    if actor_id is None:
        return user
    if user.super_admin:
        actor = db.session.get(User, actor_id)
        if actor is None or not actor.super_admin:
            raise PermissionDenied(ABOVE, ADMIN)
    permissions.check_not_above(actor_id, user.id)
    return user
