"""The operators' own table: its entries, and sign-ins by password.

A change and its audit record are stored together, or neither is. All statements use sessions of
their own, so that the application's sessions keep their state.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from yoto.auth.failed_sign_ins import FailedSignIn, Failure, note_failure
from yoto.auth.guessing import (
    CONTROL_SIGN_IN,
    CONTROL_SIGN_IN_KNOWN,
    count_sign_in,
    counted_guess,
    knows_address,
    remember_address,
)
from yoto.auth.operators import ADMIN, RIGHTS
from yoto.errors import LastAdministrator, RateLimited, UnknownResource, ValidationFailed
from yoto.hashing import HashingTurns
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import record_audit
from yoto.store.sessions import reading, recording

from .model import PlatformOperator
from .passwords import hash_of, opens

EXTENSION_KEY = "yoto.own_operators"
NAME_PATTERN = r"[a-z0-9][a-z0-9._-]{0,31}"


@dataclass(frozen=True, slots=True)
class OwnOperator:
    """An operator in the table; see ``PlatformOperator``."""

    id: int
    name: str
    rights: tuple[str, ...]
    disabled: bool
    epoch: int
    created_at: datetime
    last_sign_in: datetime | None


def operators() -> list[OwnOperator]:
    """All operators, by name."""
    with reading(_app()) as session:
        rows = session.scalars(select(PlatformOperator).order_by(PlatformOperator.name))
        return [_shown(row) for row in rows]


def administrators() -> int:
    """Number of operators who can sign in and administer."""
    return sum(ADMIN in one.rights and not one.disabled for one in operators())


def add(name: str, rights: Collection[str], password: str, reason: str) -> OwnOperator:
    """Add an operator.

    Args:
        name: in small letters, digits, dots, dashes and underscores.
        rights: see ``with_lower``.

    Raises:
        ValidationFailed: the name, the rights or the password are invalid, or the name is taken.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValidationFailed({"name": f"'{name}' is not like {NAME_PATTERN}"})
    row = PlatformOperator(
        name=name, rights=with_lower(rights), password_hash=hash_of(password, name)
    )
    with _recording() as session:
        if name in _locked(session):
            raise ValidationFailed({"name": f"'{name}' is taken"})
        session.add(row)
        session.flush()
        _audit(session, "operator.add", name, after={"rights": row.rights}, reason=reason)
        return _shown(row)


def change_password(name: str, password: str, reason: str) -> OwnOperator:
    """Set another password; sessions that began with the previous one end.

    Raises:
        ValidationFailed: the password is invalid, or there is no such operator.
    """
    password_hash = hash_of(password, name)
    with _recording() as session:
        row = _found(session, name)
        row.password_hash = password_hash
        row.epoch += 1
        _audit(session, "operator.password", name, reason=reason)
        return _shown(row)


def set_rights(name: str, rights: Collection[str], reason: str) -> OwnOperator:
    """Replace an operator's rights; their sessions end.

    Args:
        rights: see ``with_lower``.

    Raises:
        ValidationFailed: one is no right, or there is no such operator.
        LastAdministrator: no other operator could administer the platform.
    """
    wanted = with_lower(rights)
    with _recording() as session:
        row = _found(session, name, stays=ADMIN in wanted)
        before, row.rights = row.rights, wanted
        row.epoch += 1
        _audit(
            session,
            "operator.rights",
            name,
            before={"rights": before},
            after={"rights": wanted},
            reason=reason,
        )
        return _shown(row)


def disable(name: str, reason: str) -> OwnOperator:
    """Disable an operator's sign-in, and end their sessions. Raises as ``set_rights``."""
    with _recording() as session:
        row = _found(session, name, stays=False)
        row.disabled = True
        row.epoch += 1
        _audit(session, "operator.disable", name, reason=reason)
        return _shown(row)


def enable(name: str, reason: str) -> OwnOperator:
    """Let an operator sign in again.

    Raises:
        UnknownResource: there is no such operator.
    """
    with _recording() as session:
        row = _found(session, name)
        row.disabled = False
        _audit(session, "operator.enable", name, reason=reason)
        return _shown(row)


def remove(name: str, reason: str) -> None:
    """Remove an operator from the table. Raises as ``set_rights``."""
    with _recording() as session:
        row = _found(session, name, stays=False)
        _audit(session, "operator.remove", name, before={"rights": row.rights}, reason=reason)
        session.delete(row)


def with_lower(rights: Collection[str]) -> list[str]:
    """``rights`` and those below the highest of them: an operator who may operate may also view.

    Raises:
        ValidationFailed: one of them is no right, or there is none.
    """
    if not rights or not set(rights) <= set(RIGHTS):
        raise ValidationFailed({"rights": f"must be some of {', '.join(RIGHTS)}"})
    return list(RIGHTS[: max(map(RIGHTS.index, rights)) + 1])


def authenticate(name: str, password: str) -> OwnOperator | None:
    """The operator with this name and password, or None; audited.

    An unknown name, a wrong password and a disabled operator give the same result after the same
    work.

    Raises:
        RateLimited: too many tries from this address, or on this name.
        BulkheadFull: too many passwords are being checked.
        StoreUnavailable: the database does not answer.
    """
    try:
        found = _counted(name.strip().lower(), password)
    except RateLimited:
        note_failure(name, Failure.LOCKED_OUT)
        raise
    if found is None:
        note_failure(name, Failure.REFUSED)
    else:
        count_sign_in("accepted")
        remember_address(found.name)
    return found


def operator_of(failed: FailedSignIn) -> str | None:
    """The operator whose sign-in failed, for the audit log; None: there is none of that name."""
    with reading(_app()) as session:
        named = select(PlatformOperator.name).where(PlatformOperator.name == failed.name)
        found = session.scalar(named)
    return None if found is None else f"operator:{found}"


def _authenticate(name: str, password: str) -> OwnOperator | None:
    with reading(_app()) as session:
        stored = session.scalar(
            select(PlatformOperator.password_hash).where(PlatformOperator.name == name)
        )
    turns: HashingTurns = current_app.extensions[EXTENSION_KEY]
    if not turns.run(opens, stored, password):
        return None
    with _recording() as session:
        row = _locked(session).get(name)
        # The operator may have been disabled, or got another password, during the hashing.
        if row is None or row.disabled or row.password_hash != stored:
            return None
        row.last_sign_in = utcnow()
        _audit(session, "control.sign_in", name)
        return _shown(row)


_counted = counted_guess(_authenticate, CONTROL_SIGN_IN, CONTROL_SIGN_IN_KNOWN, knows_address)


def active(operator_id: int, epoch: int) -> OwnOperator | None:
    """The operator as the database has them now; None if they are gone or disabled, or the session
    that began in ``epoch`` has ended.
    """
    with reading(_app()) as session:
        row = session.get(PlatformOperator, operator_id)
        if row is None or row.disabled or row.epoch != epoch:
            return None
        return _shown(row)


def end_sessions(operator_id: int, epoch: int) -> None:
    """End the operator's sessions that began in ``epoch``."""
    with _recording() as session:
        session.execute(
            update(PlatformOperator)
            .where(PlatformOperator.id == operator_id, PlatformOperator.epoch == epoch)
            .values(epoch=epoch + 1)
        )


def _found(session: Session, name: str, *, stays: bool = True) -> PlatformOperator:
    """The row of an operator.

    Args:
        stays: whether they can administer the platform afterwards, if they can now.
    """
    rows = _locked(session)
    if name not in rows:
        raise UnknownResource("operator", name, "name")
    row = rows.pop(name)
    if _administers(row) and not stays and not any(map(_administers, rows.values())):
        raise LastAdministrator("name")
    return row


def _locked(session: Session) -> dict[str, PlatformOperator]:
    """All rows by name, locked against other changes: two callers who each remove one of the last
    two administrators must not both find that another one stays.
    """
    rows = session.scalars(select(PlatformOperator).order_by(PlatformOperator.id).with_for_update())
    return {row.name: row for row in rows}


def _administers(row: PlatformOperator) -> bool:
    return ADMIN in row.rights and not row.disabled


def _audit(session: Session, action: str, name: str, **facts: Any) -> None:
    record_audit(action, f"operator:{name}", by=None, **facts, session=session)


@contextmanager
def _recording() -> Iterator[Session]:
    # The caller's reads are no part of this change. A writer begins a new transaction, since SQLite
    # refuses it after another connection has written.
    db.session.rollback()
    with recording(_app()) as session:
        yield session


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def _shown(row: PlatformOperator) -> OwnOperator:
    return OwnOperator(
        row.id,
        row.name,
        tuple(row.rights),
        row.disabled,
        row.epoch,
        row.created_at,
        row.last_sign_in,
    )
