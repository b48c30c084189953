"""Whether the account behind a credential may still act.

``known_account`` reads memory or Redis, which learn of the end of a credential as they learn of the
revocation of a role (``docs/consistency.md``); ``active_account`` asks the database, for calls that
spend or change a credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from app.extensions import permissions
from app.models import User
from yoto.auth.identity import Identity
from yoto.store.db import db, first_read
from yoto.store.models import RevokedToken


def known_account(user_id: int, epoch: int, denial_keys: Sequence[str]) -> Identity | None:
    """As ``active_account``, from the cache if possible.

    Raises:
        StoreUnavailable: neither memory nor Redis may be used, and the database did not respond.
    """
    verdict = permissions.check_credential(user_id, epoch, denial_keys)
    if verdict.accepted is None:
        return active_account(user_id, epoch, denial_keys)
    return Identity(user_id, verdict.super_admin) if verdict.accepted else None


def active_account(user_id: int, epoch: int, denial_keys: Sequence[str]) -> Identity | None:
    """The account as the database has it now; None when it is gone or disabled, or the credential
    is denied or outdated.

    Args:
        user_id: the account that the credential names.
        epoch: the token epoch that the credential was made in.
        denial_keys: token ids and families; a denial of any of them refuses the credential.
    """
    with first_read():
        row = db.session.execute(
            select(
                User.super_admin,
                User.disabled,
                User.token_epoch,
                exists().where(RevokedToken.token_key.in_(denial_keys)).label("denied"),
            ).where(User.id == user_id)
        ).one_or_none()
    if row is None or row.disabled or row.denied or row.token_epoch != epoch:
        return None
    return Identity(user_id, row.super_admin)


def deny(token_key: str, user_id: int, reason: str, expires_at: datetime) -> bool:
    """Refuse a token or a family from now on, and commit; False when it was denied already.

    Args:
        token_key: the id of one token, or of a family.
        user_id: the account's owner.
        reason: ``logout``, ``rotated`` or ``reused``.
        expires_at: when everything denied here has run out by itself.
    """
    db.session.add(
        RevokedToken(token_key=token_key, user_id=user_id, reason=reason, expires_at=expires_at)
    )
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True
