"""Invalidates cached verdicts by hand. Writes do it automatically; this is for repairs."""

from __future__ import annotations

from yoto.cache import TieredCache
from yoto.permission.outbox.receipt import WriteReceipt
from yoto.permission.people.keys import SubjectId, number_of
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state


class Invalidation:
    """The part of ``PermissionSystem`` that invalidates. Errors that all calls share:

    Raises:
        ValidationFailed: an id is none.
        StoreUnavailable: Redis did not answer; only this process has forgotten.
        RuntimeError: there is no app context, or the app has no cache.
    """

    def invalidate_user_cache(self, user_id: SubjectId) -> WriteReceipt:
        """Forget what one user may do, everywhere."""
        user_id = number_of(user_id)
        return WriteReceipt(str(_cache().invalidate_user(user_id)))

    def invalidate_role_cache(self, role_id: int) -> WriteReceipt:
        """Forget what was made from a role, everywhere."""
        checked_id(role_id, "role_id")
        return WriteReceipt(str(_cache().invalidate_role(role_id)))

    def invalidate_all(self) -> WriteReceipt:
        """Forget everything, everywhere."""
        return WriteReceipt(str(_cache().invalidate_all()))


def _cache() -> TieredCache:
    caching = get_state().caching
    if caching is None:
        raise RuntimeError("this app has no cache: give one to permissions.init_app")
    return caching.cache
