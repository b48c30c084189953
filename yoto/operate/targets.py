"""Targets of invalidations, and their names and people from the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypedDict

from sqlalchemy import func, select

from yoto import cache as cache_layer
from yoto.errors import UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import read_id
from yoto.permission import (
    NO_PERSON,
    Application,
    Place,
    checked_id,
    holding_sets,
    load_reach,
    members_of_teams,
    number_of,
)
from yoto.store.db import db
from yoto.store.models import ProgramAccount, Role, Team, User
from yoto.store.resources import known_types

tags = cache_layer.tags

USER, ALL = "user", "all"
# Targets that are not resources: the column of their names, and their tags.
_ROWS: dict[str, tuple[Any, Callable[[int], str]]] = {
    USER: (User.username, tags.user),
    "role": (Role.name, tags.role),
    "team": (Team.name, tags.team),
    "application": (ProgramAccount.name, lambda id_: tags.user(Application(id_).number)),
}


class CacheTarget(NamedTuple):
    """A target that every worker can be made to forget.

    Attributes:
        id: for a user the number; None: everything.
        subject: its tag in the log.
    """

    kind: str
    id: Any
    subject: str

    @property
    def number(self) -> int | None:
        """The account's number; None: the target is no account."""
        if self.kind == "application":
            return Application(self.id).number
        return int(self.id) if self.kind == USER else None


class People(TypedDict):
    """Accounts whose verdicts depend on a target; not all of these verdicts are cached."""

    count: int
    exact: Annotated[bool, "False: an estimate; others may have looked there as well"]


EVERYTHING = CacheTarget(ALL, None, tags.GLOBAL)


def kinds() -> list[str]:
    """The kinds of targets in the current application."""
    return [*_ROWS, *(one.name for one in known_types()), ALL]


def target_of(kind: str, given: Any, *, spelled: bool = False) -> CacheTarget:
    """The target that a request names by its type's id; for a user the application's id will do.

    Args:
        spelled: the id comes from a command, in which integers are texts.

    Raises:
        ValidationFailed: there is no such kind, id of this kind, or user; names ``kind`` or ``id``.
        StoreUnavailable: the database, which knows this id, is unavailable.
    """
    declared = known_types().find(kind)
    if kind not in _ROWS and kind != ALL and declared is None:
        raise ValidationFailed({"kind": f"must be one of {', '.join(kinds())}"})
    if (kind == ALL) != (given is None):
        needed = f"is needed with kind '{kind}'"
        says = f"must not be given with kind '{kind}'" if kind == ALL else needed
        raise ValidationFailed({"id": says})
    if kind == ALL:
        return EVERYTHING
    if declared is not None:
        node = Place(kind, read_id(declared, given, "id", spelled=spelled))
        return CacheTarget(*node, tags.node(*node))
    if spelled and given.isascii() and given.isdecimal() and len(given) < 20:
        given = int(given)
    if kind == USER:
        given = user_number(given, "id")
    elif kind == "application":
        number_of(Application(given), "id")
    return CacheTarget(kind, checked_id(given, "id"), _ROWS[kind][1](given))


def user_number(given: Any, field: str) -> int:
    """The number of a user, given as number or as the application's own id.

    Raises:
        ValidationFailed: malformed, or no user's id; names ``field``.
        StoreUnavailable: the database, which knows this id, is unavailable.
    """
    number = number_of(given, field)
    if number == NO_PERSON:
        raise ValidationFailed({field: "is unknown"})
    return number


def name_of(target: CacheTarget) -> str | None:
    """The target's name, or its id for nodes without names; None: no target has that id."""
    if target.kind == ALL:
        return ALL
    if target.kind in _ROWS:
        name = _ROWS[target.kind][0]
        statement = select(name).where(name.class_.id == target.id)
    else:
        declared = known_types().get(target.kind)
        name = declared.id if declared.label is None else declared.label
        statement = select(name).select_from(declared.table).where(declared.id == target.id)
    found = db.session.scalar(statement)
    return None if found is None else str(found)


def people(target: CacheTarget) -> People | None:
    """Accounts whose verdicts depend on the target; None: unknown.

    For nodes it is an estimate, since accounts that do not belong there may have verdicts there
    too.
    """
    match target.kind:
        case "all":
            return _people(_count(select(func.count(User.id))), True)
        case "user" | "application":
            return _people(int(name_of(target) is not None), True)
        case "role":
            return _holders(target.id)
        case "team":
            return _people(len(members_of_teams(db.session(), [target.id])), True)
    return _members(Place(target.kind, target.id))


def _holders(role_id: int) -> People:
    role = db.session.get(Role, role_id)
    if role is None:
        return _people(0, True)
    connection = db.session.connection()
    reach, members = load_reach(connection, [role_id], role.home or None)
    if role.is_default:
        return _people(members, False)
    # An account in both sets counts twice.
    return _people(reach.get(role_id, 0), not holding_sets(connection, [role_id]))


def _members(place: Place) -> People | None:
    try:
        home = permissions.homes_of([place])[place]
    except UnknownResource:
        return _people(0, True)
    declared = None if home is None else known_types().get(home.kind).members
    if home is None or declared is None:
        return None
    statement = select(func.count()).where(declared.node == home.id, declared.belonging)
    return _people(_count(statement), False)


def _people(count: int, exact: bool) -> People:
    return {"count": count, "exact": exact}


def _count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)
