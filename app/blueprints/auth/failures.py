"""Failed sign-ins of operators in the audit log, a bounded number however many there are.

Those of other accounts are limited and counted as behaviour, not audited.
"""

from __future__ import annotations

from enum import StrEnum

from flask import current_app, request
from sqlalchemy import select

from app.db import db, writing
from app.extensions import permissions
from app.http.audit import audit
from app.http.operators import VIEW
from app.http.pace import Pace
from app.models import User

EXTENSION_KEY = "yoto.failed_sign_ins"
INTERVAL = 60.0  # s between two records of one kind about one account, in each process
LONGEST_NAME = 32  # characters; nobody is called longer


class Failure(StrEnum):
    """How a sign-in failed; the action of the record."""

    REFUSED = "sign_in.failed"
    LOCKED_OUT = "sign_in.locked_out"


def note_failure(username: str, failure: Failure) -> None:
    """Record that a sign-in of an operator failed; of others, and too soon after another, nothing.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    name = username.strip().lower()
    if len(name) > LONGEST_NAME:
        return
    pace: Pace = current_app.extensions.setdefault(EXTENSION_KEY, Pace(INTERVAL))
    if not pace.allows(name, failure):
        return
    user_id = db.session.scalar(select(User.id).where(User.username == name))
    # Asked in a way that is no use of a super-admin's power.
    is_operator = user_id is not None and (
        permissions.batch_check_permissions([user_id], VIEW).get(user_id, False)
    )
    db.session.rollback()
    if not is_operator:
        return
    with writing():
        audit(failure, f"user:{user_id}", actor_id=None, after={"door": request.path})
        db.session.commit()
