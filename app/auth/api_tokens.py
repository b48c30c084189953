"""Tokens of operators' programs: 256 random bits that are shown once and kept as a hash.

A hash without salt or cost is right here: 256 bits cannot be guessed, and one index look-up finds
it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update

from yoto.auth.identity import Identity
from yoto.store.columns import utcnow
from yoto.store.db import db, first_read, writing
from yoto.store.models import ApiToken, User

PREFIX = "yoto_api_"  # lets scanners for secrets find a leaked token
SECRET_BYTES = 32
USE_STEP = timedelta(minutes=1)  # precision of the last use, to save a write for each request


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A valid token: its account, the rights that it may use, and its end."""

    token_id: int
    account: Identity
    rights: frozenset[str]
    ends_at: datetime


def new_secret() -> str:
    """A token."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """The stored hash of a token."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def usable(now: datetime) -> ColumnElement[bool]:
    """Whether a token opens anything, in a statement that joins it with its owner.

    A token ends with what ends its owner's sessions: another password, disabling, signing out
    everywhere. It stays so when the account is enabled again.
    """
    return and_(
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > now,
        ApiToken.epoch == User.token_epoch,
        User.disabled.is_(False),
    )


def add_token(
    user_id: int, name: str, rights: Collection[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A new token in the current transaction, and its secret."""
    secret = new_secret()
    token = ApiToken(
        user_id=user_id,
        name=name,
        token_hash=hash_of(secret),
        rights=sorted(rights),
        epoch=db.session.get_one(User, user_id).token_epoch,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()
    return token, secret


def token_use(secret: str) -> TokenUse | None:
    """The account and rights that a token grants now; None when it is unknown or not ``usable``."""
    now = utcnow()
    with first_read():
        row = db.session.execute(
            select(ApiToken, User.super_admin)
            .join(User, User.id == ApiToken.user_id)
            .where(ApiToken.token_hash == hash_of(secret), usable(now))
        ).one_or_none()
    if row is None:
        return None
    token, super_admin = row
    if token.last_used_at is None or now - token.last_used_at >= USE_STEP:
        _note_use(token.id, now)
    who = Identity(token.user_id, super_admin)
    return TokenUse(token.id, who, frozenset(token.rights), token.expires_at)


def _note_use(token_id: int, now: datetime) -> None:
    db.session.rollback()  # reads only so far; a writer begins a new transaction
    with writing():
        db.session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id)
            .values(last_used_at=now)
            .execution_options(synchronize_session=False)
        )
        db.session.commit()
