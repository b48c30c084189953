"""The short way to a verdict: one that memory can give at once, or None."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeAlias

from app.core.cache import GLOBAL_PLACE, TieredCache
from app.core.permission.bits import SUPER
from app.core.permission.maintenance import Maintenance
from app.core.permission.outbox.watching import TOUCHES
from app.core.permission.positions import required_position
from app.core.permission.registry import PermissionRegistry
from app.db import db

# Takes the app context, then what ``check_permission`` takes.
QuickCheck: TypeAlias = Callable[[Any, Any, Any, Any, Any], bool | None]


def quick_check(
    registry: PermissionRegistry, cache: TieredCache, maintenance: Maintenance
) -> QuickCheck:
    """A check that answers hits of the first tier, and leaves all that is unusual to ``decide``.

    Unusual are: a wrong type, an unknown permission or one with policies, maintenance, a denial of
    a super-admin (whose power would be used, and audited), a position that was not applied yet, and
    a caller in the middle of a change.
    """
    # ``has_touched`` and a hit are written out below: the calls would cost half of the check.
    lookup, tailer = cache.lookup, cache.tailer
    find, counts = lookup.find, lookup.counts
    # By id of the app context, as Flask-SQLAlchemy keeps them.
    sessions = db.session.registry.registry

    def check(
        context: Any, user_id: Any, permission: Any, scope: Any, scope_id: Any
    ) -> bool | None:
        try:
            wanted = registry.wanted[permission]
        except (KeyError, TypeError):
            return None
        if type(user_id) is not int or maintenance.enabled:
            return None
        if scope == "channel":
            if type(scope_id) is not int or scope_id < 1:
                return None
            place = scope_id << 1 | 1
        elif scope == "server":
            if type(scope_id) is not int or scope_id < 1:
                return None
            place = scope_id << 1
        elif scope is None and scope_id is None:
            place = GLOBAL_PLACE
        else:
            return None
        session = sessions.get(id(context))
        if session is not None and (
            TOUCHES in session.info
            or session._new
            or session._deleted
            or session.identity_map._modified
        ):
            return None
        required = required_position()
        if required is not None and tailer.applied < required:
            return None
        places = find(user_id)
        slot = None if places is None else places.get(place)
        if slot is not None:
            now = monotonic()
            if now >= slot[1] or now >= tailer.fresh_until:
                return None
            counts.l1_hits += 1
            stored = slot[0]
        else:
            found = lookup.mask(user_id, place)
            if found is None:
                return None
            stored = found
        if stored & wanted:
            return True
        return None if stored & SUPER else False

    return check
