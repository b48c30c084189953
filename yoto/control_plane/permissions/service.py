"""Explanations and searches for operators, with the names of what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from yoto.api.people import Person
from yoto.api.permissions.checks.service import Question
from yoto.control_plane.permissions.insight import (
    asked_user,
    demand_operators_insight,
    open_question,
)
from yoto.extensions import permissions
from yoto.http.paging import Page
from yoto.permission import Explanation
from yoto.store.db import db
from yoto.store.models import Channel, ScopeType, Server, User


def explanation(asked: Mapping[str, Any]) -> Explanation:
    """How a verdict about somebody comes about.

    Raises:
        PermissionDenied: the operator may not know about others there.
        ValidationFailed, UnknownResource: as ``PermissionSystem.explain``.
    """
    question = open_question(asked)
    return permissions.explain(asked_user(asked), *question, context=asked["context"])


def who(asked: Mapping[str, Any]) -> Page[Person]:
    """Who may do something in a place; raises as ``explanation``."""
    question = open_question(asked)
    found = permissions.list_users(
        *question, after=asked["after"], limit=asked["limit"], numbers=True
    )
    rows = db.session.execute(
        select(User.id, User.username, User.display_name)
        .where(User.id.in_(found.ids))
        .order_by(User.id)
    )
    return Page([Person(*row) for row in rows], found.next_after)


def what(asked: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """In which channels or servers somebody may do something; raises as ``explanation``.

    In all servers at once it takes the platform's right to audit.
    """
    server_id, scope = asked["server_id"], asked["scope"]
    place = ScopeType.GLOBAL if server_id is None else ScopeType.SERVER
    demand_operators_insight([Question(asked["permission"], place, server_id)])
    found = permissions.list_resources(
        asked_user(asked),
        asked["permission"],
        scope,
        server_id,
        asked["after"],
        asked["limit"],
    )
    named = _channels(found.ids) if scope == ScopeType.CHANNEL else _servers(found.ids)
    return Page(named, found.next_after)


def _channels(ids: Sequence[int]) -> list[dict[str, Any]]:
    statement = (
        select(Channel.id, Channel.name, Server.id, Server.name)
        .join(Server, Server.id == Channel.server_id)
        .where(Channel.id.in_(ids))
        .order_by(Channel.id)
    )
    return [_resource(ScopeType.CHANNEL, *row) for row in db.session.execute(statement)]


def _servers(ids: Sequence[int]) -> list[dict[str, Any]]:
    statement = select(Server.id, Server.name).where(Server.id.in_(ids)).order_by(Server.id)
    return [
        _resource(ScopeType.SERVER, id_, name, id_, name)
        for id_, name in db.session.execute(statement)
    ]


def _resource(scope: ScopeType, id_: int, name: str, server_id: int, server: str) -> dict[str, Any]:
    return {
        "scope": scope.value,
        "id": id_,
        "name": name,
        "server_id": server_id,
        "server": server,
    }
