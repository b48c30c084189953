"""The token for emergencies, when no caller can be recognised: database or permissions are down.

Only its hash is configured (``BREAK_GLASS_HASH``); without one there is no such way in. It opens
the control plane with every ``platform.*`` right and asks neither database nor permission system.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import current_app, has_request_context

from yoto.auth.failed_sign_ins import OncePerInterval
from yoto.errors import StoreUnavailable
from yoto.persistence import STORE_FAILURES
from yoto.redis import RedisStore
from yoto.request.context import origin
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import record_audit

PREFIX = "yoto_glass_"
SECRET_BYTES = 32
EXTENSION = "yoto.break_glass"
# s between two reports about one address, however many requests it makes.
BETWEEN_USES = 300.0
BETWEEN_REFUSALS = 60.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BreakGlassMemory:
    """The break-glass tokens that one process was shown.

    Attributes:
        refused: wrong tokens so far.
        ended: by session that was signed out of here, when it would have ended by itself.
    """

    uses: OncePerInterval = field(default_factory=lambda: OncePerInterval(BETWEEN_USES))
    refusals: OncePerInterval = field(default_factory=lambda: OncePerInterval(BETWEEN_REFUSALS))
    refused: int = 0
    ended: dict[str, datetime] = field(default_factory=dict)


def new_token() -> tuple[str, str]:
    """A token, and the hash to configure for it."""
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    return token, hash_of(token)


def hash_of(token: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def opens(token: str) -> bool:
    """Whether this is the token."""
    configured = configured_hash()
    return configured is not None and hmac.compare_digest(hash_of(token), configured)


def configured_hash() -> str | None:
    """The hash of the valid token; sessions of other tokens have ended."""
    found: str | None = current_app.config["BREAK_GLASS_HASH"]
    return found


def session_holds(began_with: str | None, session_id: str, ends_at: datetime) -> bool:
    """Whether a session that began with the token of that hash is still valid.

    While Redis is unavailable, sessions that were ended in other processes count until ``ends_at``,
    since the database is not asked: this must work without it.
    """
    if began_with is None or began_with != configured_hash() or utcnow() >= ends_at:
        return False
    if not session_id or session_id in _memory().ended:
        return False
    try:
        redis = RedisStore.of(current_app)
        return not redis.client.exists(redis.keys.tagged(("glass", session_id)))
    except StoreUnavailable:
        return True


def end_session(session_id: str, lifetime: timedelta) -> None:
    """Refuse a session, and copies of its cookie, from now on.

    Args:
        lifetime: how long it could last at most; for as long, its end is remembered.
    """
    ended, now = _memory().ended, utcnow()
    for one in [one for one, until in ended.items() if until <= now]:
        del ended[one]
    ended[session_id] = now + lifetime
    try:
        redis = RedisStore.of(current_app)
        key = redis.keys.tagged(("glass", session_id))
        redis.client.set(key, 1, ex=int(lifetime.total_seconds()))
    except StoreUnavailable as error:
        log.warning("the end of a break-glass session is known to this process alone: %s", error)


def note_use(opened: bool) -> None:
    """Log that a request without a session, such as a program's, came with the break-glass token,
    or with a wrong one; a use is recorded, too. A call outside a request only checks whether a
    credential is still valid.

    It works without the database: then the log alone has it.
    """
    if not has_request_context():
        return
    known = _memory()
    address = str(origin().address)
    if not opened:
        known.refused += 1
        if known.refusals.allows(address):
            log.warning(
                "a break-glass token was refused, from %s; %d so far", address, known.refused
            )
        return
    if not known.uses.allows(address):
        return
    log.critical("the break-glass token comes with requests, %s", origin())
    try:
        db.session.rollback()  # reads so far belong to no act
        with writing():
            record_audit(
                "control.break_glass",
                "control",
                by=None,
                after={"via": "break_glass"},
                reason="sent the break-glass token with a request",
            )
            db.session.commit()
    except STORE_FAILURES:
        log.exception("the use of the break-glass token could not be recorded")
        db.session.rollback()


def _memory() -> BreakGlassMemory:
    found: BreakGlassMemory | None = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions.setdefault(EXTENSION, BreakGlassMemory())
    return found
