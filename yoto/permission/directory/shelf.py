"""Storage for the last reports of a function, so that statements can join them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Table
from sqlalchemy.orm import Session

from yoto.store.upserts import insert_or_update

Facts = TypeVar("Facts")

# ``asked_at`` of a person about whom nothing is known.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Ids in one IN list.
CHUNK = 500


class Stored(NamedTuple):
    """A person about whom a function can be asked.

    Attributes:
        key: the application's id.
        changes, asked_at: as in ``KnownPerson``; ``asked_at`` None: never asked.
        reported: the function's report, where the reader compares it.
    """

    key: Any
    changes: int
    asked_at: datetime | None
    reported: tuple[Any, ...] = ()


class Shelf(Protocol[Facts]):
    """The rows of one function, which reports ``Facts`` for each person.

    Attributes:
        name: the function's name in errors.
    """

    name: str

    def facts(self, ids: Sequence[Any], answer: Mapping[Any, Any]) -> dict[Any, Facts]:
        """The facts in a response about ``ids``.

        Raises:
            TypeError: the response is invalid.
        """

    def read(
        self, connection: Connection, numbers: Collection[int], lock: bool = False
    ) -> dict[int, Stored]:
        """The entries of ``numbers`` that stand for a person.

        Args:
            lock: wait for transactions that are changing one of them, and make later ones wait.
        """

    def older_than(self, connection: Connection, moment: datetime, limit: int) -> Sequence[int]:
        """The numbers of people who were last asked about before ``moment``."""

    def kept(
        self, stored: Mapping[int, Stored], reported: Mapping[int, Facts]
    ) -> dict[int, Stored]:
        """The entries to keep: ids that were never known need none."""

    def store(
        self,
        session: Session,
        asked_at: datetime,
        stored: Mapping[int, Stored],
        reported: Mapping[int, Facts],
        loud: bool | None = None,
    ) -> None:
        """Keep the reports, except about people who changed since ``stored`` was read.

        Args:
            loud: whether the outbox publishes them; None: only those whose report differs from
                the one before.
        """

    def end(self, session: Session, numbers: Collection[int]) -> None:
        """Invalidate reports about people.

        Also those that another transaction is about to store.
        """


def ending(table: Table, dialect: Dialect) -> Insert:
    """Ends the reports about people; a row gets ``NEVER`` and one more change."""
    changes = table.c.changes
    return insert_or_update(
        table,
        dialect,
        lambda new: {"changes": changes + new["changes"], "asked_at": new["asked_at"]},
    )


def chunks(numbers: Iterable[int]) -> Iterable[list[int]]:
    """The numbers in order, in lists that fit one statement."""
    ordered = sorted(numbers)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
