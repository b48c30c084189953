"""The result of a review, as data; ``to_dict`` makes it JSON-ready.

The API documents its fields by these annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from yoto.http.fields import NodeId
from yoto.permission.explain.report import plain

Id = Annotated[Any, partial(NodeId)]
Begin = Annotated[datetime | None, "Null: unknown"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which a user has a permission.

    Attributes:
        kind: ``grant``, ``group``, ``overwrite``, ``administrator``, ``owner``, ``super_admin``.
        scope: the level at which it holds: ``global``, ``server:7``, ``channel:3``, ``category:4``.
        role_id, role: the role that has the permission; None for a way without a role.
        via: the roles from the one that is assigned to that role, by inheritance.
        group: the permission group, if through one.
        since: beginning of its present uninterrupted validity; None: unknown.
        until: time at which it ends by itself.
        holder: the set of people that holds the role, ``team:5``, ``everyone:server:7`` or
            ``public``; None: the user themselves, or no role.
    """

    kind: str
    scope: str
    role_id: int | None = None
    role: str | None = None
    via: Annotated[tuple[int, ...], "The roles from the assigned one to this, by inheritance"] = ()
    group: str | None = None
    since: Begin = None
    until: datetime | None = None
    holder: Annotated[
        str | None,
        "Who holds the role: `team:5`, `everyone:server:7`, `public`; null: the user themselves, "
        "or no role",
    ] = None


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One user who has the permission.

    Attributes:
        user_id: the application's id of the user.
        reason: as in ``Decision``.
        ways: all ways by which they have it, any of which may be enough.
        since: when the first of them began; None: unknown.
    """

    user_id: Id
    username: str
    reason: str
    since: Begin
    ways: tuple[Way, ...]

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(self)
        return found


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Users in the order of their ids; ``next_after`` and ``incomplete`` as in ``Page``."""

    lines: tuple[AccessLine, ...]
    next_after: int | None
    incomplete: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody whose verdict changed.

    Attributes:
        record_id, action, at, actor_id: the change in the audit log that caused it; None if only
            time passed, or if several changes together caused it.
    """

    user_id: Id
    record_id: int | None = None
    action: str | None = None
    at: datetime | None = None
    actor_id: Annotated[Any, partial(NodeId, allow_none=True)] = None


@dataclass(frozen=True, slots=True)
class AccessDifference:
    """The users who gained or lost a permission between two moments.

    Attributes:
        gained, lost: users who could not and can, and the other way round.
        unknown: gaps of the log, in words; empty: the lists are complete.
        log_begins: the first record of the audit log; earlier changes are unknown.
    """

    permission: str
    scope: str
    since: datetime
    until: datetime
    gained: tuple[Turn, ...]
    lost: tuple[Turn, ...]
    unknown: Annotated[tuple[str, ...], "What the log does not tell; empty: the lists are complete"]
    log_begins: datetime | None

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(self)
        return found


Row = tuple[Any, ...]

ACCESS_COLUMNS = (
    *("user_id", "username", "reason", "since"),
    *("way", "scope", "role_id", "role", "via", "group", "way_since", "way_until", "holder"),
)
DIFFERENCE_COLUMNS = ("change", "user_id", "action", "at", "actor_id", "record_id", "note")


def access_rows(line: AccessLine) -> Iterator[Row]:
    """A row for each way; times in ISO 8601, ``via`` with spaces, None for missing values."""
    user = (line.user_id, line.username, line.reason, plain(line.since))
    for way in line.ways:
        via = " ".join(map(str, way.via)) or None
        times = (plain(way.since), plain(way.until))
        yield (
            *user,
            way.kind,
            way.scope,
            way.role_id,
            way.role,
            via,
            way.group,
            *times,
            way.holder,
        )


def difference_rows(difference: AccessDifference) -> Iterator[Row]:
    """A row for each ``gained`` and ``lost`` user, then each ``unknown`` with its note."""
    for change, turns in (("gained", difference.gained), ("lost", difference.lost)):
        for turn in turns:
            why = (turn.action, plain(turn.at), turn.actor_id, turn.record_id)
            yield (change, turn.user_id, *why, None)
    for note in difference.unknown:
        yield ("unknown", *[None] * 5, note)
