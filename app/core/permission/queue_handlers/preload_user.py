"""``preload_user``: payload ``{"user_id": 42}``."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.permission.queue_handlers.item import Item
from app.core.permission.scopes import checked_id
from app.core.permission.warm_up_calls import get_preloading


def preload_user(items: Sequence[Item]) -> None:
    """Bring the entries of the users in their hot places into the cache, all together.

    Doing it again does no harm: what is there stays.

    Raises:
        ValidationFailed: a payload has no id.
        StoreUnavailable: Redis or the database did not answer.
    """
    get_preloading().users(checked_id(item.payload.get("user_id"), "user_id") for item in items)
