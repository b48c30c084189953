"""Finds the rows that a write names, or tells which field names nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.database.statements import of_community
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.registry.scopes import GLOBAL, Place, checked_id, place_of_text, words_of
from yoto.store.models import (
    NOWHERE,
    PermissionGroup,
    ProgramAccount,
    Role,
    ScopeType,
    Server,
    Team,
    User,
)
from yoto.store.resources import known_types

Row = TypeVar("Row", PermissionGroup, ProgramAccount, Role, Team, User)

KINDS: dict[type[Any], str] = {
    PermissionGroup: "group",
    ProgramAccount: "application",
    Role: "role",
    Team: "team",
    User: "user",
}


class Named(NamedTuple):
    """A node, or a role of one, that a write named by its id.

    Attributes:
        at: the node, or the home of the role, as it can be asked about.
        unknown: the error to raise where nothing has that id.
        is_role: whether it is a role.
    """

    at: Place
    unknown: UnknownResource
    is_role: bool


_named: ContextVar[list[Named] | None] = ContextVar("named", default=None)


@contextmanager
def naming() -> Iterator[list[Named]]:
    """A block that collects the nodes and roles found in it, without global roles: those are
    visible to everybody who may give rights at some node.
    """
    found: list[Named] = []
    token = _named.set(found)
    try:
        yield found
    finally:
        _named.reset(token)


def _note(at: Place, unknown: UnknownResource, *, is_role: bool = False) -> None:
    found = _named.get()
    if found is not None:
        found.append(Named(at, unknown, is_role))


def require(session: Session, model: type[Row], row_id: Any, field: str | None = None) -> Row:
    """The row of ``model`` with this id.

    Raises:
        ValidationFailed: not an id.
        UnknownResource: there is none; names ``field``, by default such as ``role_id``.
    """
    kind = KINDS[model]
    found = session.get(model, checked_id(row_id, field or f"{kind}_id"))
    unknown = UnknownResource(kind, row_id, field)
    if found is None:
        raise unknown
    if isinstance(found, Role) and found.home != NOWHERE:
        _note(place_of_text(found.home), unknown, is_role=True)
    return found


def require_role(
    session: Session,
    role_id: Any,
    field: str = "role_id",
    *,
    default_too: bool = False,
    lent_too: bool = False,
) -> Role:
    """The role; ``default_too`` accepts ``@everyone``, ``lent_too`` a role that lends.

    Raises:
        ValidationFailed: not an id, or one of these roles.
        UnknownResource: there is none.
    """
    role = require(session, Role, role_id, field)
    if not lent_too:
        refuse_lent(role, field)
    if role.is_default and not default_too:
        raise ValidationFailed({field: "the default role is everybody's, always, as it is"})
    return role


def refuse_lent(role: Role, field: str) -> None:
    """Raises ``ValidationFailed`` for a role that holds the rights of an access request: any change
    of it would lend more than was granted, or to more people, or for longer.
    """
    if role.access_request_id is not None:
        raise ValidationFailed({field: "holds what an access request lent: end the request"})


def grant_scope(
    session: Session,
    role: Role,
    scope_type: str | None,
    scope_id: Any,
    *,
    taken: bool = False,
) -> str:
    """The text of a grant's scope.

    Args:
        taken: the grant is removed; it may be from when the place was in the role's home.

    Raises:
        ValidationFailed: fields ``scope_type`` and ``scope_id``: an unknown scope, an id missing
            or too many, or a place outside the role's home.
        UnknownResource: no such place.
    """
    if scope_type is None or scope_type == ScopeType.GLOBAL:
        if scope_id is not None:
            raise ValidationFailed({"scope_id": "the global scope has no id"})
        return GLOBAL.kind
    declared = known_types().find(scope_type) if isinstance(scope_type, str) else None
    if declared is None or not declared.askable:
        raise ValidationFailed({"scope_type": f"unknown scope {scope_type!r}"})
    if scope_id is None:
        raise ValidationFailed({"scope_id": f"the scope {str(scope_type)!r} needs an id"})
    site = site_in(session, declared.place(scope_id, "scope_id"), "scope_id")
    if not taken and role.home not in (NOWHERE, site.home):
        raise ValidationFailed({"scope_id": f"is not in {words_of(role.home)}, the role's"})
    return str(site.place)


def site_in(session: Session, place: Place, field: str) -> Site:
    """The site of the place that a write names.

    Raises:
        UnknownResource: there is none; names ``field``.
    """
    found = load_sites(session.connection(), [place]).get(place)
    unknown = UnknownResource(place.kind, place.id, field)
    if found is None:
        raise unknown
    # Rights at a node that cannot be checked are checked at its home.
    if known_types().get(place.kind).askable:
        _note(place, unknown)
    elif found.home is not None:
        _note(place_of_text(found.home), unknown)
    return found


def is_public(session: Session, place: Place) -> bool:
    """Whether everybody may see a place: a server of the community that is public."""
    # An application may declare a type of its own by that name.
    if place.kind != ScopeType.SERVER or not of_community(place.kind):
        return False
    server = session.get(Server, place.id)
    return server is not None and server.public


def checked_home(session: Session, home: Any, field: str = "home") -> str:
    """The text of an existing node that people belong to, given by type and id.

    Raises:
        ValidationFailed: as ``named_home``; ``UnknownResource``: there is no such node.
    """
    return str(site_in(session, named_home(home, field), field).place)


def named_home(home: Any, field: str = "home") -> Place:
    """A node that people belong to, given by type and id, whether or not it exists.

    Raises:
        ValidationFailed: a node of that type has no members, or it is none.
    """
    place = checked_node(home, field)
    if known_types().get(place.kind).members is None:
        raise ValidationFailed({field: f"a {place.kind} has no members"})
    return place


def checked_node(node: Any, field: str) -> Place:
    """A node that is given by type and id; raises as ``checked_home``."""
    if not isinstance(node, (tuple, list)) or len(node) != 2:
        raise ValidationFailed({field: "must be a type and an id"})
    declared = known_types().find(node[0]) if isinstance(node[0], str) else None
    if declared is None:
        raise ValidationFailed({field: f"there is no type {node[0]!r}"})
    return declared.place(node[1], field)
