"""Where an account signs in from, and with what: from there its owner gets past the limit that
strangers can use up.

While Redis is away no address is known, and the limits of strangers hold for everybody.
"""

from __future__ import annotations

import logging

from flask import current_app
from sqlalchemy import exists, select

from app.models import User
from yoto.errors import StoreUnavailable
from yoto.http.callers import account_digest
from yoto.http.circumstances import circumstances
from yoto.http.context import origin
from yoto.redis import RedisConnection, RedisStore
from yoto.resilience import network_of
from yoto.store.db import db, first_read
from yoto.store.models import Device

KEPT_SECONDS = 60 * 24 * 3600  # two months, as behaviour

log = logging.getLogger(__name__)


def is_known(username: str) -> bool:
    """Whether somebody has signed in to the account from the caller's address lately, or the caller
    has one of its devices. It takes as long for an account that there is not.
    """
    return _has_device(username) or _has_address(username)


def remember_caller(username: str) -> None:
    """Know the caller's address as one of the account from now on."""
    try:
        redis = _redis()
        redis.client.set(_key(redis, username), 1, ex=KEPT_SECONDS)
    except StoreUnavailable as error:
        log.warning("the address of a sign-in was not remembered: %s", error)


def _has_address(username: str) -> bool:
    try:
        redis = _redis()
        return bool(redis.client.exists(_key(redis, username)))
    except StoreUnavailable:
        return False


def _has_device(username: str) -> bool:
    here = circumstances()
    if here is None or here.device is None:
        return False
    owned = exists().where(
        Device.token_hash == here.device,
        Device.user_id == User.id,
        User.username == username.strip().lower(),
    )
    with first_read():
        return bool(db.session.scalar(select(owned)))


def _redis() -> RedisConnection:
    return RedisStore.of(current_app)


def _key(redis: RedisConnection, username: str) -> str:
    network = network_of(origin().address) or ""
    return redis.keys.tagged(("known", account_digest(username)), network)
