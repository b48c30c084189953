"""Ended sessions of the break-glass token, whose copied cookies must open nothing.

They are remembered by the process that ended them and by Redis, for as long as they could have
lasted. The database is not asked, since this must work without it; while Redis is unavailable too,
the other processes know only each session's own expiry.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from flask import current_app

from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, RedisStore
from yoto.store.columns import utcnow

EXTENSION_KEY = "yoto.break_glass_sessions"

log = logging.getLogger(__name__)


def end(break_glass_id: str, lifetime: timedelta) -> None:
    """Refuse the session from now on; ``lifetime`` is how long it could last at most."""
    known, now = _known(), utcnow()
    for one in [one for one, until in known.items() if until <= now]:
        del known[one]
    known[break_glass_id] = now + lifetime
    try:
        redis = _redis()
        redis.client.set(_key(redis, break_glass_id), 1, ex=int(lifetime.total_seconds()))
    except StoreUnavailable as error:
        log.warning("the end of a break-glass session is known to this process alone: %s", error)


def is_over(break_glass_id: str) -> bool:
    """Whether it was signed out of."""
    if not break_glass_id or break_glass_id in _known():
        return True
    try:
        redis = _redis()
        return bool(redis.client.exists(_key(redis, break_glass_id)))
    except StoreUnavailable:
        return False


def _known() -> dict[str, datetime]:
    found: dict[str, datetime] = current_app.extensions.setdefault(EXTENSION_KEY, {})
    return found


def _redis() -> RedisConnection:
    return RedisStore.of(current_app)


def _key(redis: RedisConnection, break_glass_id: str) -> str:
    return redis.keys.tagged(("glass", break_glass_id))
