"""Stored roles that a function of the application provides."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, case, delete, false, insert, select
from sqlalchemy.orm import Session

from yoto import cache
from yoto.errors import ValidationFailed
from yoto.permission.database.statements import provided, roles
from yoto.permission.database.statements import roles_asked as asked
from yoto.permission.database.statements import users
from yoto.permission.directory.shelf import NEVER, Stored, chunks, ending
from yoto.permission.outbox.watching import mark_dirty
from yoto.permission.registry.scopes import Place
from yoto.store.asked import ProvidedRole
from yoto.store.models import NOWHERE
from yoto.store.resources import known_types
from yoto.store.upserts import insert_or_update

# The most names logged once in a process.
NAMED_MAX = 1_000

log = logging.getLogger(__name__)

# From a role and the node at which it is held to its end (None: never).
Held = dict[tuple[int, str], datetime | None]


class RoleShelf:
    """A ``Shelf`` of the roles that people hold; people are those in the database.

    Args:
        keys: the table of numbers; None: ids are their own.
    """

    name = "role_provider"

    def __init__(self, keys: Table | None) -> None:
        self._keys = keys
        self._named: set[tuple[str, str]] = set()

    def facts(
        self, ids: Sequence[Any], answer: Mapping[Any, Any]
    ) -> dict[Any, tuple[ProvidedRole, ...]]:
        return {key: _provided(key, answer.get(key, ())) for key in ids}

    def read(
        self, connection: Connection, numbers: Collection[int], lock: bool = False
    ) -> dict[int, Stored]:
        keys, found = self._keys, dict[int, Stored]()
        source: Any = users.outerjoin(asked, asked.c.id == users.c.id)
        key: Any = users.c.id
        if keys is not None:
            source, key = source.join(keys, keys.c.id == users.c.id), keys.c.key
        query = select(users.c.id, key, asked.c.changes, asked.c.asked_at).select_from(source)
        for some in chunks(numbers):
            for number, own, changes, asked_at in connection.execute(
                query.where(users.c.id.in_(some))
            ):
                found[number] = Stored(own, changes or 0, asked_at)
            if lock:
                # Only our rows: the application's people are not ours to lock.
                rows = select(asked.c.id, asked.c.changes, asked.c.asked_at)
                rows = rows.where(asked.c.id.in_(some)).with_for_update()
                for number, changes, asked_at in connection.execute(rows):
                    if number in found:
                        found[number] = Stored(found[number].key, changes, asked_at)
        return found

    def older_than(self, connection: Connection, moment: datetime, limit: int) -> Sequence[int]:
        there = select(users.c.id).where(users.c.id == asked.c.id).exists()
        old = select(asked.c.id).where(asked.c.asked_at <= moment, there)
        return connection.scalars(old.order_by(asked.c.asked_at).limit(limit)).all()

    def kept(
        self, stored: Mapping[int, Stored], reported: Mapping[int, tuple[ProvidedRole, ...]]
    ) -> dict[int, Stored]:
        return dict(stored)

    def store(
        self,
        session: Session,
        asked_at: datetime,
        stored: Mapping[int, Stored],
        reported: Mapping[int, tuple[ProvidedRole, ...]],
        loud: bool | None = None,
    ) -> None:
        connection = session.connection()
        # In one order, so that two writers wait for one another at most once.
        connection.execute(
            insert_or_update(
                asked,
                connection.dialect,
                lambda new: {
                    "asked_at": case(
                        (asked.c.changes == new["changes"], new["asked_at"]),
                        else_=asked.c.asked_at,
                    )
                },
            ),
            [{"id": n, "asked_at": asked_at, "changes": stored[n].changes} for n in sorted(stored)],
        )
        # No other transaction changes these rows before this one ends.
        unchanged = {
            number
            for number, one in self._locked(connection, stored).items()
            if one == stored[number].changes
        }
        before = _stored_roles(connection, unchanged)
        after = self._resolved(connection, {n: reported.get(n, ()) for n in unchanged})
        changed = {n for n in unchanged if before.get(n, {}) != after[n]}
        for some in chunks(changed):
            connection.execute(delete(provided).where(provided.c.user_id.in_(some)))
        rows = [
            {"user_id": n, "role_id": role_id, "node": node, "valid_until": until}
            for n in sorted(changed)
            for (role_id, node), until in sorted(after[n].items(), key=lambda one: one[0])
        ]
        if rows:
            connection.execute(insert(provided), rows)
        if loud is None:
            # Others were notified of people declared changed.
            news = {n for n in changed if stored[n].asked_at not in (None, NEVER)}
        else:
            news = set(stored) if loud else set()
        if news:
            mark_dirty(session, *map(cache.tags.user, sorted(news)))

    def end(self, session: Session, numbers: Collection[int]) -> None:
        ended = [{"id": n, "asked_at": NEVER, "changes": 1} for n in sorted(numbers)]
        session.execute(ending(asked, session.connection().dialect), ended)

    def _locked(self, connection: Connection, numbers: Iterable[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in chunks(numbers):
            rows = select(asked.c.id, asked.c.changes).where(asked.c.id.in_(some))
            found |= {row.id: row.changes for row in connection.execute(rows.with_for_update())}
        return found

    def _resolved(
        self, connection: Connection, reported: Mapping[int, Sequence[ProvidedRole]]
    ) -> dict[int, Held]:
        """The existing roles, by their holder's number.

        A name without a role counts as nothing, and is named in the log once.
        """
        given = {one for every in reported.values() for one in every}
        homes = {one: self._node(one.home) for one in given}
        nodes = {one: self._node(one.at) for one in given}
        known: dict[tuple[str, str], int] = {}
        names = sorted({one.role for one in given})
        for start in range(0, len(names), 500):
            rows = select(roles.c.home, roles.c.name, roles.c.id).where(
                roles.c.name.in_(names[start : start + 500]),
                roles.c.is_default == false(),
                roles.c.access_request_id.is_(None),
            )
            # Also texts that the database takes for equal.
            known |= {(home, name): id_ for home, name, id_ in connection.execute(rows)}
        found: dict[int, Held] = {}
        for number, every in reported.items():
            held: Held = {}
            for one in every:
                home, node = homes[one], nodes[one]
                if home is None or node is None:
                    continue
                role_id = known.get((home, one.role))
                if role_id is None:
                    self._say("role", f"{one.role} of {home}" if home else one.role)
                    continue
                ends = one.until
                if (role_id, node) in held:
                    # If a role is given twice, the later end counts.
                    other = held[role_id, node]
                    ends = None if ends is None or other is None else max(ends, other)
                held[role_id, node] = ends
            found[number] = held
        return found

    def _node(self, given: tuple[str, Any] | None) -> str | None:
        """A node as the tables have it; None: there can be no such node."""
        if given is None:
            return NOWHERE
        declared = known_types().find(given[0])
        try:
            if declared is not None:
                return str(Place(declared.name, declared.checked(given[1], "at")))
        except ValidationFailed:
            pass  # no id of the type
        self._say("node", f"{given[0]} {given[1]!r}")
        return None

    def _say(self, kind: str, name: str) -> None:
        if (kind, name) not in self._named and len(self._named) < NAMED_MAX:
            self._named.add((kind, name))
            log.warning(
                "the role provider names an unknown %s, which counts as none: %s", kind, name
            )


def _provided(key: Any, given: Any) -> tuple[ProvidedRole, ...]:
    """The roles that a response gives to a person.

    Raises:
        TypeError: the response gives something else.
    """
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(f"must map {key!r} to several roles, not to {given!r}")
    found = []
    for one in given:
        if not isinstance(one, (str, ProvidedRole)):
            raise TypeError(f"roles of {key!r}: must be names or ProvidedRole, not {one!r}")
        found.append(ProvidedRole(one) if isinstance(one, str) else one)
    return tuple(found)


def _stored_roles(connection: Connection, numbers: Iterable[int]) -> dict[int, Held]:
    found: defaultdict[int, Held] = defaultdict(dict)
    for some in chunks(numbers):
        of = provided.c
        # As they are now, whatever the transaction has seen before.
        rows = select(of.user_id, of.role_id, of.node, of.valid_until)
        rows = rows.where(of.user_id.in_(some)).with_for_update()
        for number, role_id, node, until in connection.execute(rows):
            found[number][role_id, node] = until
    return found
