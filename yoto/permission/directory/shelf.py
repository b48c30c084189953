"""Where the last answers of a function are kept, so that statements can join them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Table
from sqlalchemy.orm import Session

from yoto.store.upserts import insert_or_update

Facts = TypeVar("Facts")

# When somebody was asked about of whom nothing is known.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Ids in one IN list.
CHUNK = 500


class Stored(NamedTuple):
    """Somebody about whom a function can be asked.

    Attributes:
        key: the application's id.
        changes, asked_at: as ``KnownPerson`` has them; None for the second: nobody has asked.
        reported: what the function said, where who reads it compares it.
    """

    key: Any
    changes: int
    asked_at: datetime | None
    reported: tuple[Any, ...] = ()


class Shelf(Protocol[Facts]):
    """The rows of one function; its answers are of ``Facts`` for each person.

    Attributes:
        name: what the function is called where it does not answer.
    """

    name: str

    def facts(self, ids: Sequence[Any], answer: Mapping[Any, Any]) -> dict[Any, Facts]:
        """What an answer says of ``ids``.

        Raises:
            TypeError: it is no such answer.
        """

    def read(
        self, connection: Connection, numbers: Collection[int], lock: bool = False
    ) -> dict[int, Stored]:
        """Those of ``numbers`` that stand for somebody.

        Args:
            lock: wait for whoever is changing one of them, and let others wait.
        """

    def older_than(self, connection: Connection, moment: datetime, limit: int) -> Sequence[int]:
        """The numbers of people about whom nobody asked since ``moment``, but once before."""

    def kept(
        self, stored: Mapping[int, Stored], reported: Mapping[int, Facts]
    ) -> dict[int, Stored]:
        """Those to be kept: who never was anybody need not be."""

    def store(
        self,
        session: Session,
        asked_at: datetime,
        stored: Mapping[int, Stored],
        reported: Mapping[int, Facts],
        loud: bool | None = None,
    ) -> None:
        """Keep what was said, but not of people who changed since ``stored`` was read.

        Args:
            loud: whether others hear of them by the outbox; None: of those of whom something else
                is said than before.
        """

    def end(self, session: Session, numbers: Collection[int]) -> None:
        """Let what is known of people count no more, also what somebody else is about to store."""


def ending(table: Table, dialect: Dialect) -> Insert:
    """Ends what is known of people; a row has ``NEVER`` and one more change."""
    changes = table.c.changes
    return insert_or_update(
        table,
        dialect,
        lambda new: {"changes": changes + new["changes"], "asked_at": new["asked_at"]},
    )


def chunks(numbers: Iterable[int]) -> Iterable[list[int]]:
    """In order, as many as one statement takes."""
    ordered = sorted(numbers)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
