"""Accounts that have, had or will have a right on the platform."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, TypedDict

from sqlalchemy import exists, func, or_, select

from app.auth.api_tokens import usable
from app.auth.session import SESSION_LIFETIME
from app.blueprints.operator_roles import OneRight, OperatorRights, OperatorRole, operator_roles
from app.extensions import permissions
from app.models import SecondFactor
from yoto.auth.operators import RIGHTS
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import ApiToken, AuditRecord, RoleAssignment, User

SIGN_IN = "control.sign_in"
# Acts with which every session of an account ends.
ENDINGS = ("operator.end_sessions", "operator.disable", "user.change_password")


class HeldRole(TypedDict):
    """A role that somebody was given."""

    id: int
    name: str
    active: bool
    rights: Annotated[OperatorRights, "Of itself or of the roles above it"]
    valid_from: datetime | None
    valid_until: datetime | None


class SignIns(TypedDict):
    """With what an account gets in, and when it last did."""

    tokens: Annotated[int, "Valid API tokens"]
    second_factor: Annotated[bool, "Signs in with a code"]
    last_sign_in: Annotated[datetime | None, "To the control plane"]
    sessions_end: Annotated[
        datetime | None,
        "When the last session of the control plane ends; null: none is open",
    ]


class Operator(SignIns):
    """Somebody who was given rights on the platform."""

    id: int
    username: str
    display_name: str
    super_admin: bool
    disabled: Annotated[bool, "Cannot sign in, nor do anything"]
    rights: Annotated[list[OneRight], "What the account may do now"]
    roles: list[HeldRole]


def listed(after: int | None, limit: int) -> Page[Operator]:
    """A page of operators, by id."""
    roles = operator_roles()
    statement = (
        select(User)
        .where(User.id > (after or 0), _is_operator(roles))
        .order_by(User.id)
        .limit(limit + 1)
    )
    page = cut(db.session.scalars(statement).all(), limit, lambda user: user.id)
    return Page(_shown(page.items, roles), page.next)


def one(user_id: int) -> Operator:
    """An account as operators see it, whether or not it is one's of them.

    Raises:
        UnknownResource: there is none of that id.
    """
    user = db.session.get(User, user_id)
    if user is None:
        raise UnknownResource("user", user_id)
    return _shown([user], operator_roles())[0]


def _is_operator(roles: Collection[int]) -> Any:
    given = exists().where(
        RoleAssignment.user_id == User.id, RoleAssignment.role_id.in_(tuple(roles))
    )
    return or_(User.super_admin.is_(True), given)


def _shown(users: Any, roles: dict[int, OperatorRole]) -> list[Operator]:
    ids = [user.id for user in users]
    held = _held(ids, roles)
    may = {name: permissions.batch_check_permissions(ids, name) for name in RIGHTS} if ids else {}
    signed_in, ended = _sign_ins(ids)
    tokens = tokens_of(ids)
    factors = set(
        db.session.scalars(
            select(SecondFactor.user_id).where(
                SecondFactor.user_id.in_(ids), SecondFactor.confirmed_at.is_not(None)
            )
        )
    )
    shown: list[Operator] = []
    for user in users:
        last = signed_in.get(user.id)
        shown.append(
            {
                "id": user.id,
                "username": user.username,
                "display_name": user.display_name,
                "super_admin": user.super_admin,
                "disabled": user.disabled,
                "rights": [name for name in RIGHTS if may[name].get(user.id)],
                "roles": held.get(user.id, []),
                "tokens": tokens.get(user.id, 0),
                "second_factor": user.id in factors,
                "last_sign_in": last,
                "sessions_end": _sessions_end(last, ended.get(user.id)),
            }
        )
    return shown


def _held(ids: list[int], roles: dict[int, OperatorRole]) -> dict[int, list[HeldRole]]:
    found: dict[int, list[HeldRole]] = {}
    statement = (
        select(RoleAssignment)
        .where(RoleAssignment.user_id.in_(ids), RoleAssignment.role_id.in_(tuple(roles)))
        .order_by(RoleAssignment.id)
    )
    for row in db.session.scalars(statement):
        role = roles[row.role_id]
        found.setdefault(row.user_id, []).append(
            {
                "id": role.id,
                "name": role.name,
                "active": role.active,
                "rights": role.rights,
                "valid_from": row.valid_from,
                "valid_until": row.valid_until,
            }
        )
    return found


def _sign_ins(ids: list[int]) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """When each last signed in to the control plane, and when all their sessions were ended last,
    as the audit log says.
    """
    subjects = {f"user:{user_id}": user_id for user_id in ids}
    statement = (
        select(AuditRecord.subject, AuditRecord.action, func.max(AuditRecord.at))
        .where(
            AuditRecord.subject.in_(tuple(subjects)), AuditRecord.action.in_((SIGN_IN, *ENDINGS))
        )
        .group_by(AuditRecord.subject, AuditRecord.action)
    )
    signed_in: dict[int, datetime] = {}
    ended: dict[int, datetime] = {}
    for subject, action, at in db.session.execute(statement):
        user_id = subjects[subject]
        if action == SIGN_IN:
            signed_in[user_id] = at
        else:
            ended[user_id] = max(at, ended.get(user_id, at))
    return signed_in, ended


def _sessions_end(last: datetime | None, ended: datetime | None) -> datetime | None:
    """When the last session ends by itself, if one may be open."""
    if last is None or (ended is not None and ended >= last):
        return None
    ends = last + SESSION_LIFETIME
    return ends if ends > utcnow() else None


def tokens_of(ids: list[int]) -> dict[int, int]:
    """The number of valid API tokens of each account; without those that have none."""
    statement = (
        select(ApiToken.user_id, func.count())
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.user_id.in_(ids), usable(utcnow()))
        .group_by(ApiToken.user_id)
    )
    return {user_id: number for user_id, number in db.session.execute(statement)}
