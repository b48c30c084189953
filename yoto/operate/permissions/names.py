"""Names for the kinds and ids in records, events and messages, many at once.

All operators may read them: lists of accounts, servers and resources show the same names, and names
reveal no rights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypedDict

from marshmallow.validate import Length
from sqlalchemy import select

from yoto.api.audit import SUBJECT_LENGTH
from yoto.auth.operators import VIEW
from yoto.errors import MaintenanceMode, ValidationFailed
from yoto.http.fields import row_id
from yoto.http.operation import Subject
from yoto.nodes import APPLICATIONS, place_of_text
from yoto.operate.permissions.resources import described, names_of
from yoto.operate.permissions.shapes import PlacedResource
from yoto.permission import Place, node_of_text
from yoto.store.db import db
from yoto.store.models import ProgramAccount, Role, Team, User
from yoto.store.resources import known_types

MOST = 100
PUBLIC, EVERYONE = "public", "everyone"

names = Subject("names", "/names", "What people call somebody or something", "name")


class Named(TypedDict):
    """The name of the thing that ``of`` stands for."""

    of: Annotated[str, "As it was asked for"]
    kind: Annotated[str, "`user`, `application`, `team`, `role`, or a type of resources"]
    id: Annotated[str, "Empty: there is but one of its kind"]
    name: Annotated[str | None, "null: it has none, or is not there"]
    hint: Annotated[str | None, "Their display name; the resource that it is in"]
    known: Annotated[bool, "Whether there is such a thing"]


class Names(TypedDict):
    """Names in the order in which they were asked for."""

    items: list[Named]


class Found(NamedTuple):
    """The things found, by the texts asked for."""

    name: str | None
    hint: str | None = None


@names.operation("GET", "", VIEW)
def resolve_names(
    of: Annotated[
        Sequence[Annotated[str, Length(1, SUBJECT_LENGTH)]],
        Length(1, MOST),
        "Such as `user:31`, `application:3`, `team:5`, `role:5` or `channel:2`, each once more",
    ],
) -> Names:
    """The names of people, programs, teams, roles and resources

    Things that do not exist, or whose kind has no names here, are left out.
    """
    asked = list(dict.fromkeys(of))
    found = named(asked)
    return {"items": [_shown(text, found.get(text)) for text in asked]}


def named(texts: Iterable[str]) -> dict[str, Found]:
    """The existing things among the texts; one statement a kind, and one for the places above."""
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    places: dict[Place, list[str]] = defaultdict(list)
    for text in texts:
        kind = text.partition(":")[0]
        if kind in _BY_NUMBER:
            by_kind[kind].append(text)
        elif known_types().find(kind) is not None:
            place = _place(text)
            if place is not None:
                places[place].append(text)
    found: dict[str, Found] = {}
    for kind, asked in by_kind.items():
        ids = {text: row_id(text.partition(":")[2]) for text in asked}
        rows = _BY_NUMBER[kind]([one for one in ids.values() if one is not None])
        found |= {text: rows[id_] for text, id_ in ids.items() if id_ in rows}
    for one in _described(list(places)):
        home = one["home"]
        shown = Found(
            one["name"], None if home is None else _words(home["scope"], home["name"], home["id"])
        )
        found |= dict.fromkeys(places[Place(one["scope"], one["id"])], shown)
    return found


def _described(places: Sequence[Place]) -> list[PlacedResource]:
    """Places with their names and homes; during maintenance, which closes homes, only names."""
    try:
        return described(places) if places else []
    except MaintenanceMode:
        return [
            {"scope": place.kind, "id": place.id, "name": name, "home": None}
            for place, name in names_of(places).items()
        ]


def _place(text: str) -> Place | None:
    try:
        return node_of_text(text, "of")
    except ValidationFailed:
        return None


def _people(ids: Sequence[int]) -> dict[int, Found]:
    found: dict[int, Found] = {}
    people = [one for one in ids if one < APPLICATIONS]
    if people:
        rows = db.session.execute(
            select(User.id, User.username, User.display_name).where(User.id.in_(people))
        )
        found = {
            id_: Found(username, display if display != username else None)
            for id_, username, display in rows
        }
    # The numbers of programs are in the same range as those of people.
    programs = [one - APPLICATIONS for one in ids if one > APPLICATIONS]
    return found | {APPLICATIONS + id_: one for id_, one in _programs(programs).items()}


def _programs(ids: Sequence[int]) -> dict[int, Found]:
    return _of_table(ProgramAccount, ids)


def _teams(ids: Sequence[int]) -> dict[int, Found]:
    return _of_table(Team, ids)


def _of_table(model: Any, ids: Sequence[int]) -> dict[int, Found]:
    if not ids:
        return {}
    rows = db.session.execute(select(model.id, model.name).where(model.id.in_(ids)))
    return {id_: Found(name) for id_, name in rows}


def _roles(ids: Sequence[int]) -> dict[int, Found]:
    rows = db.session.execute(select(Role.id, Role.name, Role.home).where(Role.id.in_(ids))).all()
    homes = {home: place_of_text(home) for _, _, home in rows if home}
    known = names_of(homes.values())
    return {
        id_: Found(name, _home(homes[home], known) if home else None) for id_, name, home in rows
    }


def _home(place: Place, known: Mapping[Place, str | None]) -> str:
    return _words(place.kind, known.get(place), place.id)


def _words(kind: str, name: str | None, id_: Any) -> str:
    return f"{kind} {id_}" if name is None else name


_BY_NUMBER: dict[str, Callable[[Sequence[int]], dict[int, Found]]] = {
    "user": _people,
    "application": _programs,
    "team": _teams,
    "role": _roles,
}


def _shown(text: str, found: Found | None) -> Named:
    kind, _, id_ = text.partition(":")
    name, hint = found or (None, None)
    return {
        "of": text,
        "kind": kind,
        "id": id_,
        "name": name,
        "hint": hint,
        "known": found is not None,
    }
