"""``preload_user``: payload ``{"user_id": 42}``, a UUID as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yoto.permission.people.numbers import number_of
from yoto.rooms.warm_up.extension import current_warming

KIND = "preload_user"


def check(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without an id.

    Raises:
        ValidationFailed: names the field.
    """
    _user_id(payload)


def handle(items: Sequence[Any]) -> None:
    """Bring the entries of the users in their hot places into the cache, all together.

    Running it again does no harm: present entries stay.

    Raises:
        ValidationFailed: a payload has no id.
        StoreUnavailable: Redis or the database did not answer.
    """
    current_warming().preloading.users([_user_id(item.payload) for item in items])


def _user_id(payload: Mapping[str, Any]) -> int:
    return number_of(payload.get("user_id"))
