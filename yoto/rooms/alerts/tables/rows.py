"""The common base of the rows of all alert tables: a session, and the database's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Insert, Table, Update, select
from sqlalchemy.orm import Session

from yoto.sealing import Sealer
from yoto.store.portable import database_time

from ..model import AlertRow

ALERTS = AlertRow.__table__


class SessionRows:
    """Statements of one transaction."""

    def __init__(
        self,
        session: Session,
        sealer: Callable[[], Sealer],
        unreadable: set[int],
    ) -> None:
        """``sealer`` opens sealed values; ``unreadable`` has the webhooks already logged as
        unreadable.
        """
        self.sealer = sealer
        self.unreadable = unreadable
        self.session = session

    @cached_property
    def now(self) -> float:
        """The database's time, seconds since 1970: one clock for all processes.

        It stands still within a transaction.
        """
        return float(self.session.execute(select(database_time())).scalar_one())

    @property
    def now_at(self) -> datetime:
        """``now`` in the form of the tables."""
        return moment(self.now)

    def insert(self, statement: Insert) -> int:
        """Insert a row; returns its id."""
        result: Any = self.session.execute(statement)
        return int(result.inserted_primary_key[0])

    def changed(self, statement: Update) -> bool:
        """Execute a statement; returns whether it found a row to change."""
        result: Any = self.session.execute(statement)
        return bool(result.rowcount)


def table_of(model: Any) -> Table:
    """The table of a model."""
    table: Table = model.__table__
    return table


def moment(seconds: float) -> datetime:
    """The form in the tables of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(at: datetime | None) -> float | None:
    """Seconds since 1970 of a moment in the tables."""
    return None if at is None else at.timestamp()
