"""The short way to a verdict: one that memory can give at once, or None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from app.core.cache import GLOBAL_PLACE, TieredCache
from app.core.permission.bits import SUPER
from app.core.permission.outbox.watching import has_touched
from app.core.permission.positions import required_position
from app.core.permission.registry import PermissionRegistry
from app.db import db

# Takes the app context, then what ``check_permission`` takes.
QuickCheck: TypeAlias = Callable[[Any, Any, Any, Any, Any], bool | None]


def quick_check(registry: PermissionRegistry, cache: TieredCache) -> QuickCheck:
    """A check that answers hits of the first tier, and leaves all that is unusual to ``decide``.

    Unusual are: a wrong type, an unknown permission or one with policies, a denial of a
    super-admin (whose power would be used, and audited), a position that was not applied yet, and
    a caller in the middle of a change.
    """
    remembered = cache.lookup.mask
    tailer = cache.tailer
    # By id of the app context, as Flask-SQLAlchemy keeps them.
    sessions = db.session.registry.registry

    def check(
        context: Any, user_id: Any, permission: Any, scope: Any, scope_id: Any
    ) -> bool | None:
        try:
            wanted = registry.wanted[permission]
        except (KeyError, TypeError):
            return None
        if type(user_id) is not int:
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
        if session is not None and has_touched(session):
            return None
        required = required_position()
        if required is not None and tailer.applied < required:
            return None
        stored = remembered(user_id, place)
        if stored is None:
            return None
        if stored & wanted:
            return True
        return None if stored & SUPER else False

    return check
