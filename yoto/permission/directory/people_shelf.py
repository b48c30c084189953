"""Stored reports about people whom only a function of the application knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, case, select
from sqlalchemy.orm import Session

from yoto.permission.directory.shelf import NEVER, Stored, chunks, ending
from yoto.store.asked import PersonFacts
from yoto.store.models import KnownPerson
from yoto.store.upserts import insert_or_update

people = KnownPerson.__table__
_REPORTED = ("name", "present", "disabled", "super_admin", "epoch")
_NAME_LENGTH = 256


class PeopleShelf:
    """A ``Shelf`` of people's accounts.

    Args:
        keys: the table of numbers; None: ids are their own.
    """

    name = "directory"

    def __init__(self, keys: Table | None) -> None:
        self._keys = keys

    def facts(self, ids: Sequence[Any], answer: Mapping[Any, Any]) -> dict[Any, PersonFacts]:
        for key, facts in answer.items():
            if not isinstance(facts, PersonFacts):
                raise TypeError(f"must map {key!r} to PersonFacts, not to {facts!r}")
        return {key: answer[key] for key in ids if key in answer}

    def read(
        self, connection: Connection, numbers: Collection[int], lock: bool = False
    ) -> dict[int, Stored]:
        keys, found = self._keys, dict[int, Stored]()
        reported = [people.c[name] for name in _REPORTED]
        if keys is None:
            found = {number: Stored(number, 0, None, ()) for number in numbers}
            query = select(people.c.id, people.c.id, people.c.changes, people.c.asked_at, *reported)
            id_ = people.c.id
        else:
            query = select(keys.c.id, keys.c.key, people.c.changes, people.c.asked_at, *reported)
            query = query.select_from(keys.outerjoin(people, people.c.id == keys.c.id))
            id_ = keys.c.id
        for some in chunks(numbers):
            for number, key, changes, asked_at, *values in connection.execute(
                query.where(id_.in_(some))
            ):
                found[number] = Stored(key, changes or 0, asked_at, tuple(values))
            if lock:
                # By themselves: PostgreSQL locks no rows that an outer join may lack.
                rows = select(people.c.id, people.c.changes, people.c.asked_at, *reported)
                rows = rows.where(people.c.id.in_(some)).with_for_update()
                for number, changes, asked_at, *values in connection.execute(rows):
                    if number in found:
                        found[number] = Stored(found[number].key, changes, asked_at, tuple(values))
        return found

    def older_than(self, connection: Connection, moment: datetime, limit: int) -> Sequence[int]:
        statement = select(people.c.id).where(people.c.asked_at <= moment)
        return connection.scalars(statement.order_by(people.c.asked_at).limit(limit)).all()

    def kept(
        self, stored: Mapping[int, Stored], reported: Mapping[int, PersonFacts]
    ) -> dict[int, Stored]:
        return {n: one for n, one in stored.items() if n in reported or one.asked_at is not None}

    def store(
        self,
        session: Session,
        asked_at: datetime,
        stored: Mapping[int, Stored],
        reported: Mapping[int, PersonFacts],
        loud: bool | None = None,
    ) -> None:
        if loud is None:
            news = _news(stored, reported)
        else:
            news = stored.keys() if loud else ()
        statement = _storing(session.connection().dialect)
        # In one order, so that two writers wait for one another at most once.
        given = [_row(n, asked_at, stored[n], reported.get(n)) for n in sorted(stored)]
        if quiet := [row for row in given if row["id"] not in news]:
            session.connection().execute(statement, quiet)
        if changed := [row for row in given if row["id"] in news]:
            session.execute(statement, changed)

    def end(self, session: Session, numbers: Collection[int]) -> None:
        ended = [_row(n, NEVER, Stored(None, 1, None, ()), None) for n in sorted(numbers)]
        session.execute(ending(people, session.connection().dialect), ended)


def _news(stored: Mapping[int, Stored], reported: Mapping[int, PersonFacts]) -> Collection[int]:
    """The people whose report differs from the last one.

    Others were notified of people declared changed.
    """
    return {
        number
        for number, one in stored.items()
        if one.asked_at not in (None, NEVER) and one.reported != _reported_of(reported.get(number))
    }


def _reported_of(facts: PersonFacts | None) -> tuple[Any, ...]:
    """The columns ``_REPORTED`` of a person; None: the function does not know them."""
    if facts is None:
        return ("", False, True, False, 0)
    return (
        facts.name[:_NAME_LENGTH],
        True,
        facts.disabled,
        facts.super_admin,
        facts.epoch,
    )


def _row(
    number: int, asked_at: datetime, stored: Stored, facts: PersonFacts | None
) -> dict[str, Any]:
    """The row that ``_storing`` stores for a person."""
    row = dict(zip(_REPORTED, _reported_of(facts), strict=True))
    return row | {"id": number, "asked_at": asked_at, "changes": stored.changes}


def _storing(dialect: Dialect) -> Insert:
    """Stores rows, except those of people who were declared changed meanwhile."""

    def values(new: Any) -> dict[str, Any]:
        unchanged = people.c.changes == new["changes"]
        return {
            name: case((unchanged, new[name]), else_=people.c[name])
            for name in (*_REPORTED, "asked_at")
        }

    return insert_or_update(people, dialect, values)
