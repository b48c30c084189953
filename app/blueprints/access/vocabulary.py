"""What AuthZEN's subjects, resources and actions are called in Yoto, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from flask import current_app
from sqlalchemy import select

from app.blueprints.access.wire import Action, Entity
from app.core.permission import Place
from app.db import db
from app.extensions import permissions
from app.http.fields import MAX_ID
from app.models import Channel, ScopeType, Server, User

USER = "user"
GLOBAL_TYPES = ("global", "application")
MODELS = {ScopeType.SERVER.value: Server, ScopeType.CHANNEL.value: Channel}


class Vocabulary:
    """Translates for one request; what was looked up once is not looked up again."""

    def __init__(self) -> None:
        self._users: dict[str, int | None] = {}
        self._places: dict[tuple[str, str], Place | None] = {}
        self._names: dict[tuple[str, str], str | None] = {}

    def user_id(self, subject: Entity) -> int | None:
        """The user whose id or username the subject's id is; None: nobody."""
        if subject.type != USER:
            return None
        if subject.id not in self._users:
            column = User.id if subject.id.isdecimal() else User.username
            wanted = _row_id(subject.id) if subject.id.isdecimal() else subject.id
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

    ``AUTHZEN_TYPES`` says so; such a resource's id is the name of its channel.
    """
    return _types_of(current_app.config["AUTHZEN_TYPES"]).get(resource_type)


def users_shown(user_ids: Iterable[int]) -> list[dict[str, object]]:
    """Users as subjects, in the order given; the id is what ``Vocabulary.user_id`` takes.

    Who was deleted since they were found is left out.
    """
    ids = list(user_ids)
    rows = db.session.execute(select(User.id, User.username).where(User.id.in_(ids)))
    names = {user_id: username for user_id, username in rows}
    return [
        {
            "type": USER,
            # A name of digits alone would be taken for an id.
            "id": str(id_) if names[id_].isdecimal() else names[id_],
            "properties": {"user_id": id_, "username": names[id_]},
        }
        for id_ in ids
        if id_ in names
    ]


def resources_shown(resource_type: str, ids: Iterable[int]) -> list[dict[str, object]]:
    """Channels or servers as resources of a type, in the order given.

    A channel that was deleted since it was found has no name, and is left out.
    """
    found = list(ids)
    shown = {id_: str(id_) for id_ in found}
    if server_of_type(resource_type) is not None:
        rows = db.session.execute(select(Channel.id, Channel.name).where(Channel.id.in_(found)))
        shown = {channel_id: name for channel_id, name in rows}
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
        named = select(Channel.id).where(Channel.server_id == home, Channel.name == resource.id)
        found = db.session.scalar(named.order_by(Channel.id).limit(1))
        return None if found is None else Place(ScopeType.CHANNEL.value, found)
    model = MODELS.get(resource.type)
    id_ = _row_id(resource.id)
    if model is None or id_ is None:
        return None
    found = db.session.scalar(select(model.id).where(model.id == id_))
    return None if found is None else Place(resource.type, found)


def _row_id(text: str) -> int | None:
    # ``isdecimal`` alone takes digits of all scripts, and any number of them.
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MAX_ID)):
        return None
    number = int(text)
    return number if 1 <= number <= MAX_ID else None
