"""The results as data; ``to_dict`` makes them JSON-ready.

The API documents their fields by these annotations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from yoto.api.permissions.insight_queries import INCOMPLETE
from yoto.http.fields import NodeId
from yoto.permission.explain.report import plain


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """A permission whose verdict would change, in some places of one home.

    Attributes:
        before, after: the reasons of both verdicts, as in ``Decision``.
        places: the places as texts (``global``, ``channel:3``), at most ``PLACES_SHOWN``.
        count: number of places.
    """

    permission: str
    before: Annotated[str, "The reason now"]
    after: Annotated[str, "The reason then"]
    places: Annotated[tuple[str, ...], "global, channel:3; some"]
    count: Annotated[int, "In how many places"]


@dataclass(frozen=True, slots=True)
class PersonChange:
    """The permissions that one person would gain and lose in one home.

    Attributes:
        user_id: the application's id of the person.
        home: the home as text; None: places without a home.
    """

    user_id: Annotated[Any, partial(NodeId)]
    username: str
    home: Annotated[str | None, "server:7; null: what is below nothing that people belong to"]
    gained: tuple[ChangedVerdict, ...]
    lost: tuple[ChangedVerdict, ...]


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A role's effect on a permission, with inherited grants, before and after.

    Attributes:
        place: the place as text; for grants in a whole home, the home.
        before, after: ``allow``, ``deny`` or None.
    """

    role_id: int
    role: str
    permission: str
    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A page of the people whose verdicts would change, by home and by number.

    Attributes:
        act: the act's name.
        at: the moment of both verdicts: now, or the beginning of the assignment.
        items: one item for each person and home with changes.
        judged: number of people whom this page judged, counted once for each home.
        next_after: the next page's ``after``; None: there is no more.
        complete: whether the items are all, without another page.
        matrix: changed effects of roles; only on the first page, at most ``CELLS_MAX``.
        incomplete: as in ``Page``.
    """

    act: str
    at: Annotated[datetime, "The moment of both verdicts"]
    items: tuple[PersonChange, ...]
    judged: Annotated[int, "How many people were looked at"]
    next_after: Annotated[
        str | None, "Null at the end; a short or an empty page alone is not the end"
    ]
    complete: Annotated[bool, "The items are all that would change"]
    matrix: Annotated[
        tuple[ChangedCell, ...], "What roles would say differently; on the first page"
    ]
    incomplete: Annotated[str | None, INCOMPLETE] = None

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(self)
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """One of two people.

    Attributes:
        standing: their membership status in the place: ``member``, ``owner``, ``outsider``, ...
        only_roles: names of the roles in force there that the other person lacks.
    """

    user_id: Annotated[Any, partial(NodeId)]
    username: str
    standing: str
    super_admin: bool
    only_roles: Annotated[tuple[str, ...], "Roles in force there that the other has not"]


@dataclass(frozen=True, slots=True)
class Differing:
    """A permission that only one of them has; the reasons as in ``Decision``."""

    permission: str
    user_reason: str
    other_reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two people in one place.

    Attributes:
        only_user, only_other: permissions that only one of them has.
        both: names of the permissions that both have.
    """

    scope: str
    user: Side
    other: Side
    only_user: tuple[Differing, ...]
    only_other: tuple[Differing, ...]
    both: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(self)
        return found
