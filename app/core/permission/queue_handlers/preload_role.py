"""``preload_role``: payload ``{"role_id": 9}``."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.permission.queue_handlers.item import Item
from app.core.permission.scopes import checked_id
from app.core.permission.warm_up_calls import get_preloading


def preload_role(items: Sequence[Item]) -> None:
    """Bring the hot entries that each role has a part in into the cache.

    Doing it again does no harm: what is there stays.

    Raises:
        ValidationFailed: a payload has no id, or there is no such role.
        StoreUnavailable: Redis or the database did not answer.
    """
    role_ids = [checked_id(item.payload.get("role_id"), "role_id") for item in items]
    for role_id in dict.fromkeys(role_ids):
        get_preloading().role(role_id)
