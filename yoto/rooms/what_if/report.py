"""The results as data; ``to_dict`` makes them JSON-ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yoto.permission.explain.report import plain


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """A permission about which the verdict would be another one, in some places of one home.

    Attributes:
        before, after: the reasons of both verdicts, as ``Decision`` has them.
        places: where, as texts (``global``, ``channel:3``), at most ``PLACES_SHOWN``.
        count: in how many places.
    """

    permission: str
    before: str
    after: str
    places: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What one person would gain and lose in one home.

    Attributes:
        user_id: as the application knows them.
        home: what people belong to, as text; None: places that are below nothing of the kind.
    """

    user_id: Any
    username: str
    home: str | None
    gained: tuple[ChangedVerdict, ...]
    lost: tuple[ChangedVerdict, ...]


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """What a role says about a permission, with all that it inherits, before and after.

    Attributes:
        place: where, as text; of grants for all of a home, the home.
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
        act: its name.
        at: the moment of both verdicts: now, or when what is assigned begins to count.
        items: a person has an item for each home in which anything changes.
        judged: how many people this page looked at, counted once for each home.
        next_after: give it as ``after``; None: there is no more.
        complete: there is no other page: the items are all.
        matrix: what roles say differently; on the first page alone, at most ``CELLS_MAX``.
        incomplete: as in ``Page``.
    """

    act: str
    at: datetime
    items: tuple[PersonChange, ...]
    judged: int
    next_after: str | None
    complete: bool
    matrix: tuple[ChangedCell, ...]
    incomplete: str | None = None

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(self)
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """One of two people.

    Attributes:
        standing: their membership status in the place: ``member``, ``owner``, ``outsider``, ...
        only_roles: names of the roles in force there that the other has not.
    """

    user_id: Any
    username: str
    standing: str
    super_admin: bool
    only_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """A permission that one has and the other has not; why, as ``Decision`` has it."""

    permission: str
    user_reason: str
    other_reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two people in one place.

    Attributes:
        only_user, only_other: what only one of them has.
        both: names of what both have.
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
