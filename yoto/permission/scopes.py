"""Places: where a check, a grant or an overwrite applies."""

from __future__ import annotations

from typing import Any, NamedTuple

from yoto.cache import GLOBAL_PLACE, PlaceKey
from yoto.errors import ValidationFailed
from yoto.store.models import ScopeType

MAX_ID = 2**63 - 1  # the largest BIGINT

# A category is no scope that anybody can ask about; the hierarchy of writes needs to know what the
# actor could do in a channel that takes all its overwrites from it.
CATEGORY = "category"


class Place(NamedTuple):
    """One scope: ``kind`` is ``global``, ``server``, ``channel`` (or ``category``, internally)."""

    kind: str
    id: int | None = None

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


GLOBAL = Place(ScopeType.GLOBAL.value)


def place_key(place: Place) -> PlaceKey:
    """How the cache calls a place."""
    if place.id is None:
        return GLOBAL_PLACE
    return place.id << 1 | (place.kind == ScopeType.CHANNEL)


def place_of(key: PlaceKey) -> Place:
    """The place that the cache calls ``key``."""
    if key == GLOBAL_PLACE:
        return GLOBAL
    return Place((ScopeType.CHANNEL if key & 1 else ScopeType.SERVER).value, key >> 1)


def checked_id(value: Any, field: str) -> int:
    """``value`` if it is a usable id.

    Raises:
        ValidationFailed: naming ``field``, for anything but an int in 1..2**63-1. Nothing is
            converted: ``True`` is no user, and ``"42"`` is a string.
    """
    if type(value) is not int:
        raise ValidationFailed({field: f"must be an integer, not {type(value).__name__}"})
    if not 1 <= value <= MAX_ID:
        raise ValidationFailed({field: f"must be between 1 and {MAX_ID}"})
    return value


def parse_place(scope: str | None, scope_id: int | None) -> Place:
    """The place that ``scope`` and ``scope_id`` name; no scope means global.

    Raises:
        ValidationFailed: an unknown scope (field ``scope``), an id that is missing, not an id, or
            given although the scope is global (field ``scope_id``).
    """
    if scope is None or scope == ScopeType.GLOBAL:
        if scope_id is not None:
            raise ValidationFailed({"scope_id": "the global scope has no id"})
        return GLOBAL
    if scope not in (ScopeType.SERVER, ScopeType.CHANNEL):
        allowed = ", ".join(kind.value for kind in ScopeType)
        raise ValidationFailed({"scope": f"unknown scope {scope!r}: use one of {allowed}"})
    if scope_id is None:
        raise ValidationFailed({"scope_id": f"the scope {str(scope)!r} needs an id"})
    return Place(str(scope), checked_id(scope_id, "scope_id"))


def parse_key(scope: str | None, scope_id: int | None) -> PlaceKey:
    """The same as the cache calls it; raises as ``parse_place``."""
    if type(scope_id) is int and 1 <= scope_id <= MAX_ID:
        if scope == "channel":
            return scope_id << 1 | 1
        if scope == "server":
            return scope_id << 1
    return place_key(parse_place(scope, scope_id))
