"""Translation between AuthZEN's subjects, resources and actions and those of Yoto."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import aliased

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import row_id
from yoto.permission import (
    PUBLIC,
    Application,
    Place,
    current_keys,
    number_of,
    own_ids,
    person_number,
)
from yoto.request.context import settings
from yoto.rooms.authzen.wire import Action, Entity
from yoto.store.db import db
from yoto.store.models import Channel, ProgramAccount, ScopeType, User
from yoto.store.resources import ResourceType, known_types

USER, PROGRAM, TEAM, EVERYBODY = "user", "application", "team", "public"
# The column of a user's id, by ``AUTHZEN_SUBJECT``; None: the application's own id.
SUBJECTS: Mapping[str, Any] = {
    "username": User.username,
    "external_id": User.external_id,
    "id": None,
}
GLOBAL_TYPES = ("global", "application")


class Vocabulary:
    """Translates for one request, and looks each thing up only once."""

    def __init__(self) -> None:
        self._users: dict[tuple[str, str], int | None] = {}
        self._places: dict[tuple[str, str], Place | None] = {}
        self._names: dict[tuple[str, str], str | None] = {}

    def user_id(self, subject: Entity) -> int | None:
        """The number of the subject; None: there is no such subject.

        ``AUTHZEN_SUBJECT`` chooses the kind of a user's id, and no id has two readings: a name of
        digits is no row's number. An application is a program that acts for itself. A set of
        people, such as a team, does nothing itself, so of sets only the public can be asked about.
        """
        key = (subject.type, subject.id)
        if key not in self._users:
            self._users[key] = _number(subject)
        return self._users[key]

    def place(self, resource: Entity) -> Place | None:
        """The place of a resource; None: no such place is possible.

        Whether a node of that id exists is found by the check or search itself.
        """
        key = (resource.type, resource.id)
        if key not in self._places:
            self._places[key] = _place(resource)
        return self._places[key]

    def permission(self, action: Action, resource_type: str) -> str | None:
        """The permission that an action needs; None: there is none.

        It is the one of that name, or else the one of that name for the type: ``read`` of a
        ``record`` is ``record.read``.
        """
        key = (action.name, resource_type)
        if key not in self._names:
            names = (action.name, f"{resource_type}.{action.name}")
            self._names[key] = next(filter(permissions.is_registered, names), None)
        return self._names[key]


def server_of_type(resource_type: str) -> int | None:
    """The server whose channels are the resources of a type of another application.

    ``AUTHZEN_TYPES`` maps such types. A resource's id is the external id of its channel or, without
    one, its name, if that is unique in the server. Declared types are never mapped.
    """
    if declared_type(resource_type) is not None:
        return None
    return _types_of(settings()["AUTHZEN_TYPES"]).get(resource_type)


def declared_type(resource_type: str) -> ResourceType | None:
    """The declared type of that name; None: there is none with verdicts of its own."""
    declared = known_types().find(resource_type)
    return declared if declared is not None and declared.askable else None


def is_global(resource_type: str) -> bool:
    """Whether the type is the platform itself."""
    return resource_type in GLOBAL_TYPES and declared_type(resource_type) is None


def id_of_text(declared: ResourceType, text: str) -> NodeId | None:
    """The id of a node in a text; None: no node of the type has it."""
    try:
        return declared.spelled(text, "id")
    except ValidationFailed:
        return None


def users_shown(numbers: Iterable[int]) -> list[dict[str, object]]:
    """Users as subjects, in the order given, with ids as ``Vocabulary.user_id`` takes them.

    Users without such an id, or deleted since they were found, are left out.
    """
    wanted = list(numbers)
    column = SUBJECTS[settings()["AUTHZEN_SUBJECT"]]
    called = User.id if column is None else column
    statement = select(User.id, called, User.username).where(User.id.in_(wanted))
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(statement)}
    own = own_ids(found)
    return [
        {
            "type": USER,
            "id": str(own[number] if column is None else found[number][0]),
            "properties": {"user_id": own[number], "username": found[number][1]},
        }
        for number in wanted
        if number in own and found[number][0] is not None
    ]


def programs_shown(numbers: Iterable[int]) -> list[dict[str, object]]:
    """Applications as subjects, by their ids."""
    return [
        {"type": PROGRAM, "id": str(shown.id)}
        for shown in own_ids(numbers).values()
        if isinstance(shown, Application)
    ]


def resources_shown(resource_type: str, ids: Iterable[NodeId]) -> list[dict[str, object]]:
    """Nodes as resources of a type, in the order given.

    A channel of another application's type is left out if it was deleted since it was found, or has
    no unique id.
    """
    found = list(ids)
    home = server_of_type(resource_type)
    shown: dict[Any, str] = {id_: str(id_) for id_ in found}
    if home is not None:
        shown = _called(home, Channel.id.in_(found))
    return [{"type": resource_type, "id": shown[id_]} for id_ in found if id_ in shown]


@lru_cache(maxsize=8)
def _types_of(text: str) -> Mapping[str, int]:
    """Types of other applications and their servers, from ``name=server`` with commas between."""
    pairs = (pair.split("=") for pair in text.split(",") if pair)
    return MappingProxyType({name: int(server) for name, server in pairs})


def _number(subject: Entity) -> int | None:
    if subject.type == EVERYBODY:
        return number_of(PUBLIC)
    if subject.type == PROGRAM:
        id_ = row_id(subject.id)
        there = select(ProgramAccount.id).where(ProgramAccount.id == id_)
        found = db.session.scalar(there)
        return None if found is None else Application(found).number
    if subject.type != USER:
        return None
    column = SUBJECTS[settings()["AUTHZEN_SUBJECT"]]
    if column is not None:
        return db.session.scalar(select(User.id).where(column == subject.id))
    try:
        # A number, unless the application's ids are not numbers.
        number = person_number(row_id(subject.id) if current_keys() is None else subject.id)
    except ValidationFailed:
        return None
    return db.session.scalar(select(User.id).where(User.id == number))


def _place(resource: Entity) -> Place | None:
    if is_global(resource.type):
        return Place(ScopeType.GLOBAL.value)
    home = server_of_type(resource.type)
    if home is not None:
        either = or_(Channel.external_id == resource.id, Channel.name == resource.id)
        named = [id_ for id_, called in _called(home, either).items() if called == resource.id]
        return Place(ScopeType.CHANNEL.value, named[0]) if named else None
    declared = declared_type(resource.type)
    id_ = None if declared is None else id_of_text(declared, resource.id)
    return None if id_ is None else Place(resource.type, id_)


def _called(home: int, which: ColumnElement[bool]) -> dict[int, str]:
    """The ids of a server's channels as resources; channels without a unique id are left out."""
    other = aliased(Channel)
    shared = (
        select(other.id)
        .where(
            other.server_id == home,
            other.id != Channel.id,
            or_(
                and_(other.external_id.is_(None), other.name == Channel.name),
                other.external_id == Channel.name,
            ),
        )
        .exists()
    )
    rows = db.session.execute(
        select(Channel.id, func.coalesce(Channel.external_id, Channel.name)).where(
            Channel.server_id == home, which, or_(Channel.external_id.is_not(None), not_(shared))
        )
    )
    return {id_: called for id_, called in rows}
