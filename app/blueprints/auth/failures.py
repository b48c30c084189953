"""Records of failed sign-ins: behaviour events for every account, audit records for operators."""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy import select

from app.extensions import permissions
from app.models import User
from yoto.auth import failed_sign_ins
from yoto.auth.failed_sign_ins import FailedSignIn, Failure
from yoto.auth.operators import VIEW
from yoto.resilience import network_of
from yoto.room import has_room
from yoto.store.sessions import reading


def init_failures(app: Flask) -> None:
    """Record the failed sign-ins of the application."""
    failed_sign_ins.init_failures(app, _operator_of)


def _operator_of(failed: FailedSignIn) -> str | None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with reading(app) as session:
        user_id = session.scalar(select(User.id).where(User.username == failed.name))
    if user_id is None:
        return None
    if failed.failure is Failure.REFUSED:
        _count(user_id, network_of(failed.origin.address) or "")
    # A batch check, since it does not count as a use of a super-admin's power.
    may_look = permissions.batch_check_permissions([user_id], VIEW).get(user_id, False)
    return f"user:{user_id}" if may_look else None


def _count(user_id: int, network: str) -> None:
    """Count a failed sign-in for policies, if the application has them."""
    if has_room(current_app, "policies"):
        from app.extensions import behaviour

        behaviour.failed_sign_in(user_id, network)
