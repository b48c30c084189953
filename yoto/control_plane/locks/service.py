"""Locks as operators see them, and taking one away from its holder."""

from __future__ import annotations

from typing import Any

from yoto.errors import LockChanged
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.optimization import LockStanding
from yoto.store.db import utcnow


def locks(limit: int) -> dict[str, Any]:
    """Those that were told of and are still held."""
    found, told = optimization.locks.standings(limit)
    return {
        "at": utcnow(),
        "items": [shown(one) for one in found],
        "told": told,
        "truncated": told > limit,
    }


def lock(name: str) -> dict[str, Any] | None:
    """One, told of or not; None if nobody holds it."""
    found = optimization.locks.standing(name)
    return None if found is None else shown(found)


def release(name: str, token: int, reason: str) -> None:
    """Take a lock away from the holder with ``token``.

    Raises:
        LockChanged: somebody else holds it by now, or nobody.
    """
    held = lock(name)
    if held is None or held["token"] != token:
        raise LockChanged(name, token, held)
    record_act("lock.release", f"lock:{name}", reason=reason, before=held)
    if not optimization.locks.force_release(name, token, reason):
        raise LockChanged(name, token, lock(name))


def shown(found: LockStanding) -> dict[str, Any]:
    """A lock as operators see it."""
    return {
        "name": found.view.key,
        "token": found.view.token,
        "lease_left_s": found.view.ends_in,
        "waiting": found.view.waiting,
        "holder": found.holder,
        "held_s": found.held_for,
        "heard_s": found.silent_for,
    }
