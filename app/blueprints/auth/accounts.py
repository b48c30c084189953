"""Accounts and passwords. No transaction is open while a password is hashed."""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy import exists, select, update

from app.auth import break_glass
from app.auth.passwords import passwords
from app.extensions import permissions
from app.guards import SIGN_IN, SIGN_IN_KNOWN
from app.models import User
from yoto.auth import failed_sign_ins
from yoto.auth.failed_sign_ins import FailedSignIn, Failure, note_failure
from yoto.auth.guessing import (
    CONTROL_SIGN_IN,
    CONTROL_SIGN_IN_KNOWN,
    address,
    count_sign_in,
    counted_guess,
    knows_address,
    remember_address,
)
from yoto.auth.operators import VIEW
from yoto.errors import RateLimited, ValidationFailed
from yoto.http.database_problems import conflict, unique
from yoto.request.context import current_request
from yoto.resilience import network_of, rate_limit
from yoto.room import has_room
from yoto.store.db import db, first_read, writing
from yoto.store.models import Device, record_audit
from yoto.store.sessions import reading
from yoto.weak_passwords import is_weak


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


# Tries of the break-glass token are counted only by address: 256 bits cannot be guessed, and one
# count for all addresses would let anyone block the emergency sign-in. So they use the limit in
# which strangers are not counted together.
counted_address = rate_limit(CONTROL_SIGN_IN_KNOWN, key=address)


def register(username: str, display_name: str, password: str) -> User:
    """Make an account.

    Raises:
        Conflict: the username is taken.
    """
    user = User(
        username=username, display_name=display_name, password_hash=passwords().hash(password)
    )
    db.session.add(user)
    with unique("username", "is taken"):
        db.session.flush()
    record_audit(
        "user.register",
        f"user:{user.id}",
        by=user.id,
        after={"username": username, "display_name": display_name},
    )
    db.session.commit()
    return user


def authenticate(username: str, password: str, *, to_control: bool = False) -> User | None:
    """The account that this name and password open, or None.

    An unknown name, a wrong password and a disabled account get the same response after the same
    work. The API and the pages both sign in here. Failed sign-ins of operators are audited.

    Args:
        to_control: whether it is the control plane's sign-in, which has limits of its own.

    Raises:
        RateLimited: too many tries from this address, or on this name.
        BulkheadFull: too many passwords are being checked.
    """
    try:
        user = (_by_control if to_control else _by_application)(username, password)
    except RateLimited:
        note_failure(username, Failure.LOCKED_OUT)
        raise
    if user is None:
        note_failure(username, Failure.REFUSED)
    else:
        count_sign_in("accepted")
        remember_address(username)
    return user


def is_known(username: str) -> bool:
    """Whether a user has recently signed in to the account from the caller's address, or the caller
    has one of its devices. It takes as long for an unknown account.

    Known callers are not subject to the limit that strangers can use up. While Redis is unavailable
    no address is known, and the limits of strangers hold for everyone.
    """
    return _has_device(username) or knows_address(username)


def _has_device(username: str) -> bool:
    here = current_request()
    if here is None or here.device is None:
        return False
    owned = exists().where(
        Device.token_hash == here.device,
        Device.user_id == User.id,
        User.username == username.strip().lower(),
    )
    with first_read():
        return bool(db.session.scalar(select(owned)))


def _authenticate(username: str, password: str) -> User | None:
    found = db.session.execute(
        select(User.id, User.password_hash).where(User.username == username.strip().lower())
    ).one_or_none()
    db.session.rollback()
    stored = found.password_hash if found else None
    if not passwords().verify(stored, password) or found is None:
        return None
    if passwords().is_outdated(found.password_hash):
        stored = _rehash(found.id, found.password_hash, password)
    user = db.session.get_one(User, found.id)
    # The account may have been disabled, or got another password, during the hashing.
    if user.disabled or user.password_hash != stored:
        return None
    return user


_by_application = counted_guess(_authenticate, SIGN_IN, SIGN_IN_KNOWN, is_known)
_by_control = counted_guess(_authenticate, CONTROL_SIGN_IN, CONTROL_SIGN_IN_KNOWN, is_known)


@counted_address
def counted_break_glass(token: str) -> bool:
    """Whether this is the break-glass token.

    Raises:
        RateLimited: too many tries of any kind from this address.
    """
    opened = break_glass.opens(token)
    count_sign_in("accepted" if opened else "failed")
    return opened


def change_password(user_id: int, old: str, new: str) -> User:
    """Set another password. Every token and session of the account ends with it.

    Raises:
        ValidationFailed: ``old`` is not the password, or ``new`` is easily guessed.
        Conflict: the password was changed by another request meanwhile.
        RateLimited: too many tries, here or at the sign-in.
    """
    username, stored = db.session.execute(
        select(User.username, User.password_hash).where(User.id == user_id)
    ).one()
    db.session.rollback()
    if not _is_password(username, stored, old):
        raise ValidationFailed({"old_password": "is not the password of this account"})
    if is_weak(new, username):
        raise ValidationFailed({"new_password": "is one of those that are guessed first"})
    if not _replace_hash(user_id, stored, passwords().hash(new), token_epoch=User.token_epoch + 1):
        db.session.rollback()
        raise conflict("old_password", "was changed by another request")
    record_audit("user.change_password", f"user:{user_id}", by=user_id)
    db.session.commit()
    return db.session.get_one(User, user_id)


def _verifies(_: str, stored: str, password: str) -> bool:
    """Whether a password opens the account; a stolen token does not make guessing free."""
    return passwords().verify(stored, password)


_is_password = counted_guess(_verifies, SIGN_IN, SIGN_IN_KNOWN, is_known)


def _rehash(user_id: int, stored: str, password: str) -> str:
    """Hash again with the present costs; returns the hash that is stored afterwards."""
    fresh = passwords().hash(password)
    with writing():
        replaced = _replace_hash(user_id, stored, fresh)
        db.session.commit()
    return fresh if replaced else stored


def _replace_hash(user_id: int, stored: str, fresh: str, **values: object) -> bool:
    """Change the hash unless another request changed it first."""
    statement = update(User).where(User.id == user_id, User.password_hash == stored)
    result = db.session.execute(statement.values(password_hash=fresh, **values))
    return bool(result.rowcount)  # type: ignore[attr-defined]
