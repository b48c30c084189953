"""A second factor of operators: a code of an app, or a recovery code.

Second factors: enrolled by their owner, proved at sign-in, removed by the owner or by others.
A code serves once, also when two requests bring it at the same moment: each is claimed in the
database before it counts.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import delete, func, select, update

from app.auth import totp
from app.auth.session import pending_user
from app.guards import SECOND_FACTOR
from app.models import RecoveryCode, SecondFactor, User
from yoto.auth.failed_sign_ins import Failure, note_failure
from yoto.errors import RateLimited, UnknownResource, ValidationFailed
from yoto.http.database_problems import conflict, unique
from yoto.resilience import MultiDimensionalKey, rate_limit
from yoto.sealing import Sealer, Unreadable, sealer_of
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import record_audit

PURPOSE = "second_factors.secret"
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
WRONG = {"code": "is not the code of now, or was used before"}


def is_asked(user_id: int) -> bool:
    """Whether the account signs in with a code."""
    return _confirmed_at(user_id) is not None


def state(user_id: int) -> dict[str, Any]:
    """The second factor as its owner sees it."""
    since = _confirmed_at(user_id)
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return {
        "enabled": since is not None,
        "since": since,
        "recovery_codes": 0 if since is None else db.session.scalar(left) or 0,
    }


def enroll(user_id: int, reason: str) -> dict[str, Any]:
    """A secret for an app. It is asked for at sign-in once ``confirm`` has seen that it works.

    Raises:
        Conflict: a second factor is in use; it is removed first.
    """
    if is_asked(user_id):
        raise conflict("code", "a second factor is in use; remove it first")
    secret = totp.new_secret()
    name = db.session.get_one(User, user_id).username
    with writing():
        db.session.execute(
            delete(SecondFactor).where(
                SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None)
            )
        )
        sealed = _sealer().seal(totp.shown_secret(secret), PURPOSE)
        db.session.add(SecondFactor(user_id=user_id, secret=sealed))
        with unique("code", "cannot be set up: a second factor is in use"):
            db.session.flush()
        record_audit("second_factor.enroll", f"user:{user_id}", by=user_id, reason=reason)
        db.session.commit()
    uri = totp.uri_of(secret, name)
    return {"secret": totp.shown_secret(secret), "uri": uri, "qr": _qr(uri)}


def confirm(user_id: int, code: str, reason: str) -> list[str]:
    """Ask for codes from now on; the recovery codes, which are kept as hashes.

    Raises:
        ValidationFailed: the code is wrong, or nothing was enrolled.
        Conflict: a second factor is in use already.
        RateLimited: too many codes were tried.
    """
    if is_asked(user_id):
        raise conflict("code", "a second factor is in use already")
    if not _proved(user_id, code, confirmed=False):
        raise ValidationFailed(WRONG)
    codes = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    with writing():
        db.session.execute(
            update(SecondFactor)
            .where(SecondFactor.user_id == user_id)
            .values(confirmed_at=utcnow())
        )
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        db.session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash_of(one)) for one in codes)
        record_audit("second_factor.enable", f"user:{user_id}", by=user_id, reason=reason)
        db.session.commit()
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in codes]


def remove_own(user_id: int, code: str, reason: str) -> None:
    """Ask for no code any more.

    Raises:
        ValidationFailed: the code is wrong, or there is no second factor.
        RateLimited: too many codes were tried.
    """
    if not prove(user_id, code):
        raise ValidationFailed(WRONG)
    with writing():
        _remove(user_id, f"user:{user_id}", reason)
        db.session.commit()


def remove(user_id: int, *, by: str, reason: str) -> None:
    """Remove the second factor of an account that has lost it, in the caller's transaction.

    Raises:
        UnknownResource: the account has none.
    """
    if db.session.get(SecondFactor, user_id) is None:
        raise UnknownResource("second_factor", user_id)
    _remove(user_id, by, reason)


def prove(user_id: int, code: str) -> bool:
    """Whether this is a code of now, or a recovery code; neither is taken twice.

    Raises:
        RateLimited: too many codes were tried.
    """
    return _proved(user_id, code, confirmed=True)


@rate_limit(SECOND_FACTOR, key=lambda user_id, *_, **__: MultiDimensionalKey(user_id=user_id))
def _proved(user_id: int, code: str, *, confirmed: bool) -> bool:
    plain = code.replace("-", "").replace(" ", "").upper()
    row = db.session.execute(
        select(SecondFactor.secret, SecondFactor.confirmed_at).where(
            SecondFactor.user_id == user_id
        )
    ).one_or_none()
    db.session.rollback()  # it only read; a writer begins anew
    if row is None or (row.confirmed_at is not None) is not confirmed:
        return False
    with writing():
        taken = _take_code(user_id, row.secret, plain) or (
            confirmed and _take_recovery_code(user_id, plain)
        )
        db.session.commit()
    return taken


def _take_code(user_id: int, sealed: str, code: str) -> bool:
    try:
        secret = base64.b32decode(_sealer().open(sealed, PURPOSE))
    except Unreadable as error:
        # This grants no access; a recovery code, an administrator or the terminal helps.
        current_app.logger.error("the second factor of user %s: %s", user_id, error)
        return False
    step = totp.matching_step(secret, code, time.time())
    if step is None:
        return False
    claim: Any = db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        .values(last_step=step)
    )
    return bool(claim.rowcount)


def _take_recovery_code(user_id: int, code: str) -> bool:
    claim: Any = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hash_of(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utcnow())
    )
    if not claim.rowcount:
        return False
    record_audit("second_factor.recover", f"user:{user_id}", by=user_id)
    return True


def _remove(user_id: int, by: str, reason: str) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    record_audit("second_factor.remove", f"user:{user_id}", by=by, reason=reason)


def _confirmed_at(user_id: int) -> datetime | None:
    return db.session.scalar(
        select(SecondFactor.confirmed_at).where(SecondFactor.user_id == user_id)
    )


def _hash_of(code: str) -> str:
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


def _sealer() -> Sealer:
    return sealer_of(current_app)


def _qr(text: str) -> list[str]:
    import segno  # few need it

    return ["".join(map(str, row)) for row in segno.make(text, micro=False).matrix]


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
        proved = prove(user_id, code)
    except RateLimited:
        note_failure(name, Failure.LOCKED_OUT)
        raise
    if not proved:
        note_failure(name, Failure.SECOND_FACTOR)
        return StepRefused("sign_in.code_failed", 422, True)
    return db.session.get_one(User, user_id)
