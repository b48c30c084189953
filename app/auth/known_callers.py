"""Where an account signs in from, and with what: from there its owner gets past the limit that
strangers can use up.

While Redis is unavailable no address is known, and the limits of strangers hold for everyone.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from app.models import User
from yoto.auth.guessing import knows_address
from yoto.request.circumstances import circumstances
from yoto.store.db import db, first_read
from yoto.store.models import Device


def is_known(username: str) -> bool:
    """Whether a user has signed in to the account from the caller's address lately, or the caller
    has one of its devices. It takes as long for an account that there is not.
    """
    return _has_device(username) or knows_address(username)


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
