"""The code step of a sign-in, after a password that was right: one for all pages that sign in."""

from __future__ import annotations

from typing import NamedTuple

from app.auth.session import pending_user
from app.blueprints.operators.second_factor import service
from app.models import User
from yoto.auth.failed_sign_ins import Failure, note_failure
from yoto.errors import RateLimited
from yoto.store.db import db


class StepRefused(NamedTuple):
    """Why the form is shown again.

    Attributes:
        text: the key of a text.
        needs_code: whether it asks for another code; else for the password.
    """

    text: str
    status: int
    needs_code: bool


def prove_step(code: str) -> User | StepRefused:
    """The operator whose code it is; a wrong one is recorded as a failed sign-in.

    Raises:
        RateLimited: too many codes were wrong; that is recorded, too.
    """
    user = pending_user()
    if user is None:
        return StepRefused("sign_in.stale", 403, False)
    user_id, name = user.id, user.username
    try:
        proved = service.prove(user_id, code)
    except RateLimited:
        note_failure(name, Failure.LOCKED_OUT)
        raise
    if not proved:
        note_failure(name, Failure.SECOND_FACTOR)
        return StepRefused("sign_in.code_failed", 422, True)
    return db.session.get_one(User, user_id)
