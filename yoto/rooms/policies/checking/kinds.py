"""The kinds of ids and columns that policies of an application read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import ColumnElement

from yoto.rooms.policies.service.subject_ids import IdKind, InputKinds, JsonKind
from yoto.store.declarations import Declaration, declarations_of
from yoto.store.people import USERS
from yoto.store.resources import types_of

# The kind in JSON of a column's Python type. The first that fits counts, and a truth value is an
# integer to Python.
_KINDS: tuple[tuple[type[Any] | tuple[type[Any], ...], JsonKind], ...] = (
    (bool, "boolean"),
    ((str, UUID, Enum, date, time), "text"),
    ((int, float, Decimal), "number"),
)
_NUMBER: frozenset[JsonKind] = frozenset({"number"})
# The paths of a server and a channel of the community.
_COMMUNITY = ("resource.server.id", "resource.server.owner_id", "resource.channel.id")


def kinds_of(app: Flask) -> InputKinds:
    """The kinds that an application has declared for its people and its resources."""
    people, types = declarations_of(app).tables.get(USERS), list(types_of(app))
    paths: dict[str, set[JsonKind | None]] = {}
    for one in types:
        paths.setdefault("resource.id", set()).add(_kind_of(one.id_type))
    _add(paths, "resource.attributes", [one.attributes for one in types])
    if any(one.attributes_by is not None or one.registered for one in types):
        # Attributes that no column gives may have any name.
        paths = {path: kinds for path, kinds in paths.items() if path == "resource.id"}
    if people is not None:
        _add(paths, "subject.attributes", [people.attributes])
    known = {path: _all(kinds) for path, kinds in paths.items() if None not in kinds}
    return InputKinds(_ids_of(people), known | dict.fromkeys(_COMMUNITY, _NUMBER))


def _ids_of(people: Declaration | None) -> IdKind:
    if people is None or people.numbers is None or people.ids is None:
        return "integer"
    return "UUID" if people.ids.type.python_type is UUID else "text"


def _add(
    paths: dict[str, set[JsonKind | None]],
    below: str,
    declared: Iterable[Mapping[str, ColumnElement[Any]]],
) -> None:
    for attributes in declared:
        for name, column in attributes.items():
            paths.setdefault(f"{below}.{name}", set()).add(_kind_of(_type_of(column)))


def _all(kinds: Iterable[JsonKind | None]) -> frozenset[JsonKind]:
    return frozenset(kind for kind in kinds if kind is not None)


def _type_of(column: ColumnElement[Any]) -> type[Any]:
    try:
        return column.type.python_type
    except NotImplementedError:
        return object


def _kind_of(type_: type[Any]) -> JsonKind | None:
    """The kind of its values; None: there may be several."""
    return next((kind for types, kind in _KINDS if issubclass(type_, types)), None)
