"""What AuthZEN's subjects, resources and actions are called in Yoto, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import aliased

from yoto.authzen.wire import Action, Entity
from yoto.extensions import permissions
from yoto.http.fields import row_id
from yoto.permission import Place
from yoto.store.db import db
from yoto.store.models import Channel, ScopeType, Server, User

USER = "user"
# What a subject's id is, by ``AUTHZEN_SUBJECT``.
SUBJECTS: Mapping[str, Any] = {
    "username": User.username,
    "external_id": User.external_id,
    "id": User.id,
}
GLOBAL_TYPES = ("global", "application")
MODELS: Mapping[str, type[Server] | type[Channel]] = {
    ScopeType.SERVER.value: Server,
    ScopeType.CHANNEL.value: Channel,
}


class Vocabulary:
    """Translates for one request; what was looked up once is not looked up again."""

    def __init__(self) -> None:
        self._users: dict[str, int | None] = {}
        self._places: dict[tuple[str, str], Place | None] = {}
        self._names: dict[tuple[str, str], str | None] = {}

    def user_id(self, subject: Entity) -> int | None:
        """The user whom the subject's id names, by what ``AUTHZEN_SUBJECT`` says that it is; None:
        nobody. No id has two readings: a name of digits is no row's number."""
        if subject.type != USER:
            return None
        if subject.id not in self._users:
            column = SUBJECTS[current_app.config["AUTHZEN_SUBJECT"]]
            wanted = row_id(subject.id) if column is User.id else subject.id
            self._users[subject.id] = db.session.scalar(select(User.id).where(column == wanted))
        return self._users[subject.id]

    def place(self, resource: Entity) -> Place | None:
        """The place that a resource is; None: there is no such."""
        key = (resource.type, resource.id)
        if key not in self._places:
            self._places[key] = _place(resource)
        return self._places[key]

    def permission(self, action: Action, resource_type: str) -> str | None:
        """The permission that an action needs; None: no such.

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

    ``AUTHZEN_TYPES`` says so; such a resource's id is the external id of its channel or, without
    one, its name, unless another channel there is called so too.
    """
    return _types_of(current_app.config["AUTHZEN_TYPES"]).get(resource_type)


def users_shown(user_ids: Iterable[int]) -> list[dict[str, object]]:
    """Users as subjects, in the order given; the id is what ``Vocabulary.user_id`` takes.

    Who was deleted since they were found is left out, and who has no such id.
    """
    ids = list(user_ids)
    column = SUBJECTS[current_app.config["AUTHZEN_SUBJECT"]]
    rows = db.session.execute(select(User.id, column, User.username).where(User.id.in_(ids)))
    found = {user_id: (called, username) for user_id, called, username in rows}
    return [
        {
            "type": USER,
            "id": str(found[id_][0]),
            "properties": {"user_id": id_, "username": found[id_][1]},
        }
        for id_ in ids
        if id_ in found and found[id_][0] is not None
    ]


def resources_shown(resource_type: str, ids: Iterable[int]) -> list[dict[str, object]]:
    """Channels or servers as resources of a type, in the order given.

    A channel that was deleted since it was found has no name, and is left out; so is one that no
    id names alone.
    """
    found = list(ids)
    shown = {id_: str(id_) for id_ in found}
    home = server_of_type(resource_type)
    if home is not None:
        shown = _called(home, Channel.id.in_(found))
    return [{"type": resource_type, "id": shown[id_]} for id_ in found if id_ in shown]


@lru_cache(maxsize=8)
def _types_of(text: str) -> Mapping[str, int]:
    """Types of other applications and their servers, from ``name=server`` with commas between."""
    pairs = (pair.split("=") for pair in text.split(",") if pair)
    return MappingProxyType({name: int(server_id) for name, server_id in pairs})


def _place(resource: Entity) -> Place | None:
    if resource.type in GLOBAL_TYPES:
        return Place(ScopeType.GLOBAL.value)
    home = server_of_type(resource.type)
    if home is not None:
        either = or_(Channel.external_id == resource.id, Channel.name == resource.id)
        named = [id_ for id_, called in _called(home, either).items() if called == resource.id]
        return Place(ScopeType.CHANNEL.value, named[0]) if named else None
    model = MODELS.get(resource.type)
    id_ = row_id(resource.id)
    if model is None or id_ is None:
        return None
    found = db.session.scalar(select(model.id).where(model.id == id_))
    return None if found is None else Place(resource.type, found)


def _called(home: int, which: ColumnElement[bool]) -> dict[int, str]:
    """What channels of a server are called as resources; those that nothing names alone are left
    out."""
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
    return {channel_id: called for channel_id, called in rows}
