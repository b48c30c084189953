"""Places: where a check, a grant or an overwrite applies."""

from __future__ import annotations

import uuid
from typing import Any

from yoto.cache import GLOBAL_PLACE, PlaceKey
from yoto.errors import ValidationFailed
from yoto.nodes import (
    GLOBAL,
    GLOBAL_KIND,
    MAX_ID,
    SHIFT,
    Place,
    id_of,
    integer_marks,
    node_key,
    place_of_text,
    type_of,
)
from yoto.store.resources import known_types

__all__ = [
    "GLOBAL",
    "MAX_ID",
    "Place",
    "checked_id",
    "node_of_text",
    "parse_key",
    "parse_place",
    "place_key",
    "place_of",
    "place_of_text",
    "words_of",
]


def place_key(place: Place) -> PlaceKey:
    """The cache's key of a place."""
    return GLOBAL_PLACE if place.id is None else node_key(place.kind, place.id)


def place_of(key: PlaceKey) -> Place:
    """The place behind the cache's ``key``."""
    return GLOBAL if key == GLOBAL_PLACE else Place(type_of(key), id_of(key))


def words_of(text: str) -> str:
    """A node in the words of a sentence, from its text: ``server 7``."""
    place = place_of_text(text)
    return f"{place.kind} {place.id}"


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


def parse_place(scope: str | None, scope_id: Any, *, asked: bool = True) -> Place:
    """The place that ``scope`` and ``scope_id`` name; no scope means global.

    Args:
        asked: accept only a type whose permissions can be checked; False: also others.

    Raises:
        ValidationFailed: an unknown scope (field ``scope``), an id that is missing, of another
            type than the type's, or given although the scope is global (field ``scope_id``).
    """
    if scope is None or scope == GLOBAL_KIND:
        if scope_id is not None:
            raise ValidationFailed({"scope_id": "the global scope has no id"})
        return GLOBAL
    declared = known_types().get(scope, asked=asked)
    if scope_id is None:
        raise ValidationFailed({"scope_id": f"the scope {str(scope)!r} needs an id"})
    return declared.place(scope_id, "scope_id")


def node_of_text(text: str, field: str) -> Place:
    """The node in a text ``TYPE:ID``, as people write it, or as ``str(place)`` does.

    Raises:
        ValidationFailed: another text, an unknown type, or no id of this type; names ``field``.
    """
    kind, separator, rest = text.partition(":")
    declared = known_types().find(kind)
    if not separator or declared is None:
        choices = ", ".join(one.name for one in known_types())
        raise ValidationFailed({field: f"must be TYPE:ID, with one of the types {choices}"})
    # Texts that are no numbers begin with "=".
    rest = rest.removeprefix("=") if declared.id_type is str else rest
    return Place(kind, declared.spelled(rest, field))


def parse_key(scope: str | None, scope_id: Any) -> PlaceKey:
    """The cache's key of the place; raises as ``parse_place``.

    A type of another application in this process passes; nothing is ever found there.
    """
    if isinstance(scope, str):
        if type(scope_id) is int and 1 <= scope_id <= MAX_ID:
            mark = integer_marks.get(scope)
            if mark is not None:
                return scope_id << SHIFT | mark
        elif isinstance(scope_id, uuid.UUID) and scope in integer_marks:
            return node_key(scope, scope_id)
    return place_key(parse_place(scope, scope_id))
