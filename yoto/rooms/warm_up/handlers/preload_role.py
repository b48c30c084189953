"""``preload_role``: payload ``{"role_id": 9}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yoto.permission.registry.scopes import checked_id
from yoto.rooms.warm_up.extension import current_warming

KIND = "preload_role"


def check(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without an id.

    Raises:
        ValidationFailed: names the field.
    """
    _role_id(payload)


def handle(items: Sequence[Any]) -> None:
    """Bring the hot entries that each role bears on into the cache.

    Running it again does no harm: present entries stay.

    Raises:
        ValidationFailed: a payload has no id, or there is no such role.
        StoreUnavailable: Redis or the database did not answer.
    """
    for role_id in dict.fromkeys([_role_id(item.payload) for item in items]):
        current_warming().preloading.role(role_id)


def _role_id(payload: Mapping[str, Any]) -> int:
    return checked_id(payload.get("role_id"), "role_id")
