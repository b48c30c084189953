"""``permissions.what_if``: carries out acts and takes them back at once.

An act is written by its own write, in a transaction that is never committed, so it leaves no event
and no record, and no other reader ever sees it. Before and after, the rights of a page of people
whom it can reach are read by the loader of checks and judged by their resolver. Meanwhile only the
locks of the write itself are held, for as long as a page is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.nodes import GLOBAL, NodeId, Place, place_of_text
from yoto.permission.database.statements import id_array, roles
from yoto.permission.database.transactions import has_written
from yoto.permission.directory import renew_people
from yoto.permission.explain.loading import USERNAMES
from yoto.permission.loading.places_sql import IDS
from yoto.permission.loading.rights import epoch
from yoto.permission.loading.sites import load_sites
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import (
    SubjectId,
    actor_number,
    everybody_has_number,
    own_ids,
    person_number,
)
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.rank.sight import hiding
from yoto.permission.registry.scopes import checked_id, parse_place
from yoto.permission.search.question import PEOPLE_UNKNOWN, ROLES_UNKNOWN, checked_limit
from yoto.permission.search.users import has_unasked
from yoto.permission.state import PermissionState, get_state
from yoto.rooms.what_if.acts import Act, read_act
from yoto.rooms.what_if.comparing import compared, names_of_roles
from yoto.rooms.what_if.judging import PeopleWindow, RolesAt, cells_between, changes_in, with_names
from yoto.rooms.what_if.people import heirs, people_reached
from yoto.rooms.what_if.places import At, blocks_from, checked_at
from yoto.rooms.what_if.reach import Reach, reach_of
from yoto.rooms.what_if.report import ChangedCell, Comparison, PersonChange, WhatIf
from yoto.store.db import db, writing
from yoto.store.translation import translated

# Limits of one page: verdicts before and after, people, and blocks of places. A page that meets one
# is short, and names the point to go on from, so its work is bounded, however far an act reaches.
VERDICTS_MAX, PEOPLE_MAX, BLOCKS_MAX = 20_000, 1_000, 20
CELLS_MAX, ROOTS_SHOWN = 200, 10


class Cursor(NamedTuple):
    """The point up to which people have been judged."""

    at: At = At()
    user_id: int = 0

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Parse a cursor; raises ``ValidationFailed`` (field ``after``) for a malformed one."""
        if text is None:
            return cls()
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, list) or not found or type(found[-1]) is not int:
            raise ValidationFailed({"after": "must be what a page gave as next_after"})
        return cls(checked_at(found[:-1]), found[-1])

    def __str__(self) -> str:
        return json.dumps([*self.at, self.user_id], separators=(",", ":"))


class Trying:
    """Dry runs of acts, and comparisons of people, real ones or made up of roles.

    Policies are left out.
    """

    def try_act(
        self,
        act: Mapping[str, Any],
        after: str | None = None,
        limit: int = 100,
        *,
        actor_id: SubjectId | None = None,
        numbers: bool = False,
    ) -> WhatIf:
        """The permissions that people would gain or lose by an act; nothing is changed.

        The transaction of a session that has written nothing is ended.

        Args:
            act: its name as ``act`` (one of ``ACTS``), and its fields.
            after: the ``next_after`` of the previous page; None for the first.
            limit: the most items, 1 to 1,000; a page may be short, even empty, before the end.
            actor_id: the person who would do it; None is the system itself.
            numbers: whether people are named by the platform's numbers.

        Raises: as the act itself, with its fields; ``ValidationFailed`` for another ``after`` or
            ``limit``.
        """
        state, found = get_state(), read_act(act)
        cursor, most = Cursor.read(after), checked_limit(limit)
        incomplete = None if everybody_has_number() else PEOPLE_UNKNOWN
        number = actor_number(actor_id)
        # Holders of roles that the application provides may be reached, too.
        renew_people(None)
        now = _moment_of(found, state.clock())
        with hiding(state, number), translated(), _never_committed() as session:
            connection = session.connection()
            if incomplete is None and has_unasked(connection):
                incomplete = ROLES_UNKNOWN
            reach = reach_of(session, found)
            windows, end = _windows(connection, reach, cursor)
            shown = _roles_at(connection, state, reach) if after is None else []
            found.carry_out(actor_id)
            session.flush()
            anew = found.name.startswith("member.")
            later = [one.after(connection, anew) for one in windows]
            cells = [cell for one in shown for cell in _cells(connection, state, one)]
        items, end = _first(windows, later, state, now, most, end)
        with reading() as connection:
            names = _names(connection, {one.user_id for one in items})
            own = None if numbers else own_ids({one.user_id for one in items})
        return WhatIf(
            found.name,
            datetime.fromtimestamp(now, UTC),
            tuple(with_names(items, names, own)),
            sum(len(one.user_ids) for one in windows),
            None if end is None else str(end),
            after is None and end is None,
            tuple(cells[:CELLS_MAX]),
            incomplete,
        )

    def reached_by(self, act: Mapping[str, Any]) -> list[Place]:
        """The places below which an act can change verdicts; the global one means everywhere.

        Raises:
            ValidationFailed: the act is unknown, or a field is wrong; ``UnknownResource``: its
                subject does not exist.
            StoreUnavailable: the database did not answer.
        """
        get_state()
        with reading():
            return _roots(reach_of(db.session(), read_act(act)))

    def of_roles(
        self, role_ids: Iterable[int], places: Iterable[tuple[str, NodeId | None]]
    ) -> list[frozenset[str]]:
        """The permissions of a member who holds these roles, and otherwise only the default one.

        Args:
            role_ids: held without a node, as if assigned now.
            places: types and ids; one permission set each comes back, in their order.

        Raises:
            ValidationFailed: bad input; ``UnknownResource`` for a place that does not exist, or a
                role that belongs to none of their homes.
            StoreUnavailable: the database did not answer.
        """
        state = get_state()
        asked = [parse_place(*one) for one in places]
        wanted = [checked_id(one, "role_ids") for one in role_ids]
        with reading() as connection:
            return names_of_roles(connection, state, wanted, asked)

    def compare(
        self,
        user_id: SubjectId,
        other_id: SubjectId,
        scope: str,
        scope_id: NodeId | None = None,
        numbers: bool = False,
    ) -> Comparison:
        """The permissions in a place that only one of two people has, with reasons.

        Args:
            numbers: as in ``try_act``.

        Raises:
            ValidationFailed: bad input, by field; ``UnknownResource`` for an unknown place or
                person.
            StoreUnavailable: the database did not answer.
        """
        state, place = get_state(), parse_place(scope, scope_id)
        pair = person_number(user_id), person_number(other_id, "other_id")
        with reading() as connection:
            return compared(connection, state, place, pair, numbers=numbers)


# It has no state of its own, and always uses the current application.
TRYING = Trying()


@contextmanager
def _never_committed() -> Iterator[Session]:
    """The session; changes inside the block are taken back."""
    session = db.session()
    alone = not has_written(session)
    if alone:
        # On SQLite a transaction that began as a reader cannot become a writer.
        session.rollback()
    with writing():
        session.flush()
        savepoint = None if alone else session.begin_nested()
        try:
            yield session
        finally:
            (session if savepoint is None else savepoint).rollback()


def _moment_of(act: Act, now: float) -> float:
    begins = act.given.get("valid_from")
    later = epoch(begins) if isinstance(begins, datetime) and begins.tzinfo is not None else None
    return now if later is None else max(now, later)


def _windows(
    connection: Connection, reach: Reach, start: Cursor
) -> tuple[list[PeopleWindow], Cursor | None]:
    """The people in blocks of places for one page, and the beginning of the next."""
    found: list[PeopleWindow] = []
    verdicts, people, last = VERDICTS_MAX, PEOPLE_MAX, start
    for number, block in enumerate(blocks_from(connection, reach.roots, start.at)):
        if number == BLOCKS_MAX or verdicts <= 0 or people <= 0:
            return found, Cursor(block.at)
        last = Cursor(block.at, start.user_id if block.at == start.at else 0)
        if not block.sites:
            continue
        most = max(1, min(people, verdicts // len(block.sites)))
        ids = people_reached(connection, reach, block.sites, last.user_id, most)
        if ids:
            found.append(PeopleWindow.read(connection, block.at, block.sites, ids))
        if len(ids) == most:
            return found, Cursor(block.at, ids[-1])
        people -= len(ids)
        verdicts -= len(ids) * len(block.sites)
    return found, None


def _first(
    windows: list[PeopleWindow],
    later: list[PeopleWindow],
    state: PermissionState,
    now: float,
    most: int,
    end: Cursor | None,
) -> tuple[list[PersonChange], Cursor | None]:
    """At most ``most`` changes, and the beginning of the next page."""
    items: list[PersonChange] = []
    last = end
    for window, then in zip(windows, later, strict=True):
        for one in changes_in(window, then, state.registry, now):
            if len(items) == most:
                return items, last
            items.append(one)
            last = Cursor(window.at, one.user_id)
    return items, end


def _roots(reach: Reach) -> list[Place]:
    return [place_of_text(root) if root else GLOBAL for root in reach.roots]


def _roles_at(connection: Connection, state: PermissionState, reach: Reach) -> list[RolesAt]:
    """The present effects of the roles at the places where the act begins to count."""
    ids = heirs(connection, reach.roles) if reach.roles else []
    if not ids:
        return []
    rows = connection.execute(select(roles.c.id, roles.c.name).where(roles.c.id.in_(ids)))
    names = {id_: name for id_, name in rows}
    places = _roots(reach)[:ROOTS_SHOWN]
    sites = load_sites(connection, places)
    return [
        RolesAt.read(connection, state.registry, sites[place], names)
        for place in places
        if place in sites
    ]


def _cells(
    connection: Connection, state: PermissionState, before: RolesAt
) -> Iterator[ChangedCell]:
    after = RolesAt.read(connection, state.registry, before.site, before.names)
    return cells_between(before, after, state.registry)


def _names(connection: Connection, numbers: set[int]) -> dict[int, str]:
    rows = connection.execute(USERNAMES, {IDS: id_array(numbers)})
    named = {id_: name for id_, name in rows}
    return {one: named.get(one) or name_of_no_person(one) or "" for one in numbers}
