"""What the database has of people about whom the application's function was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, Table, case, select

from yoto.store.asked import PersonFacts
from yoto.store.models import KnownPerson
from yoto.store.upserts import insert_or_update

people = KnownPerson.__table__
# When somebody was asked about of whom nothing is known.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Ids in one IN list.
CHUNK = 500
_REPORTED = ("name", "present", "disabled", "super_admin", "epoch")
_NAME_LENGTH = 256


class Stored(NamedTuple):
    """Somebody with a number.

    Attributes:
        key: the application's id.
        changes, asked_at: as ``KnownPerson`` has them; of who is not in it, None for the second.
        reported: what the function said, as ``reported_of`` has it.
    """

    key: Any
    changes: int
    asked_at: datetime | None
    reported: tuple[Any, ...]


def reported_of(facts: PersonFacts | None) -> tuple[Any, ...]:
    """The columns ``_REPORTED`` of somebody; None: of nobody."""
    if facts is None:
        return ("", False, True, False, 0)
    return (
        facts.name[:_NAME_LENGTH],
        True,
        facts.disabled,
        facts.super_admin,
        facts.epoch,
    )


def read(
    connection: Connection, keys: Table | None, numbers: Collection[int], lock: bool = False
) -> dict[int, Stored]:
    """Those of ``numbers`` that stand for somebody.

    Args:
        keys: the table of numbers; None: ids are their own.
        lock: wait for whoever is changing one of them, and let others wait.
    """
    found: dict[int, Stored] = {}
    reported = [people.c[name] for name in _REPORTED]
    if keys is None:
        found = {number: Stored(number, 0, None, ()) for number in numbers}
        query = select(people.c.id, people.c.id, people.c.changes, people.c.asked_at, *reported)
        id_ = people.c.id
    else:
        query = select(keys.c.id, keys.c.key, people.c.changes, people.c.asked_at, *reported)
        query = query.select_from(keys.outerjoin(people, people.c.id == keys.c.id))
        id_ = keys.c.id
    for some in _chunks(numbers):
        statement = query.where(id_.in_(some))
        for number, key, changes, asked_at, *values in connection.execute(
            statement.with_for_update() if lock else statement
        ):
            found[number] = Stored(key, changes or 0, asked_at, tuple(values))
    return found


def older_than(connection: Connection, moment: datetime, limit: int) -> Sequence[int]:
    """The numbers of people about whom nobody asked since ``moment``."""
    statement = select(people.c.id).where(people.c.asked_at <= moment)
    return connection.scalars(statement.order_by(people.c.asked_at).limit(limit)).all()


def row(
    number: int, asked_at: datetime, stored: Stored, facts: PersonFacts | None
) -> dict[str, Any]:
    """What ``storing`` stores of somebody."""
    row = dict(zip(_REPORTED, reported_of(facts), strict=True))
    return row | {"id": number, "asked_at": asked_at, "changes": stored.changes}


def storing(dialect: Dialect) -> Insert:
    """Stores rows, but for those of people whom somebody said to have changed meanwhile."""

    def values(new: Any) -> dict[str, Any]:
        unchanged = people.c.changes == new["changes"]
        return {
            name: case((unchanged, new[name]), else_=people.c[name])
            for name in (*_REPORTED, "asked_at")
        }

    return insert_or_update(people, dialect, values)


def ending(dialect: Dialect) -> Insert:
    """Ends what is known of people, also of what somebody else is about to store."""
    return insert_or_update(
        people,
        dialect,
        lambda new: {"changes": people.c.changes + new["changes"], "asked_at": new["asked_at"]},
    )


def ended(number: int) -> dict[str, Any]:
    """A row for ``ending``."""
    return row(number, NEVER, Stored(None, 1, None, ()), None)


def _chunks(numbers: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(numbers)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
