"""Transactions on the tables of alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import RowMapping, Table, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from yoto.audit import AuditEntry
from yoto.sealing import Sealer, sealer_of
from yoto.store import sessions
from yoto.store.models import record_entry, require_account

from ..model import AlertDeliveryRow, AlertHistoryRow, AlertSilenceRow
from ..records import Silence
from .evaluation import EvaluationRows
from .rows import ALERTS, SessionRows, moment, seconds, table_of
from .webhooks import WebhookRows

_SILENCES = table_of(AlertSilenceRow)


class OperatorRows(SessionRows):
    """The rows that operators' actions read and write."""

    def silences(
        self, only_active: bool, limit: int, after: int | None = None
    ) -> Sequence[Silence]:
        """Silences."""
        statement = select(_SILENCES).order_by(_SILENCES.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(_SILENCES.c.id < after)
        if only_active:
            statement = statement.where(self._active())
        return [_silence(row) for row in self.session.execute(statement).mappings()]

    def add_silence(
        self, rule: str, labels: Mapping[str, str], seconds: float, by: str, reason: str
    ) -> Silence:
        """Insert a silence from now on."""
        silence_id = self.insert(
            insert(_SILENCES).values(
                rule=rule,
                labels=dict(labels),
                until=moment(self.now + seconds),
                by=by,
                reason=reason,
                created_at=self.now_at,
            )
        )
        return self._silence(silence_id)

    def end_silence(self, silence_id: int, by: str) -> Silence | None:
        """End an active silence; None if there is none of that id."""
        statement = (
            update(_SILENCES)
            .where(_SILENCES.c.id == silence_id, self._active())
            .values(ended_at=self.now_at, ended_by=by)
        )
        return self._silence(silence_id) if self.changed(statement) else None

    def audit(self, entry: AuditEntry) -> None:
        """Record an act.

        Raises:
            UnknownResource: it names an account that does not exist.
        """
        require_account(self.session, entry.by)
        stated = replace(entry, before=entry.before or {}, after=entry.after or {})
        record_entry(stated, self.session)

    def _active(self) -> Any:
        return _SILENCES.c.ended_at.is_(None) & (_SILENCES.c.until > self.now_at)

    def _silence(self, silence_id: int) -> Silence:
        statement = select(_SILENCES).where(_SILENCES.c.id == silence_id)
        return _silence(self.session.execute(statement).mappings().one())


def _silence(row: RowMapping) -> Silence:
    return Silence(
        id=row["id"],
        rule=row["rule"],
        labels=row["labels"],
        until=row["until"].timestamp(),
        by=row["by"],
        reason=row["reason"],
        created_at=row["created_at"].timestamp(),
        ended_at=seconds(row["ended_at"]),
        ended_by=row["ended_by"],
    )


DAY = 24 * 3600.0

_HISTORY = table_of(AlertHistoryRow)
_DELIVERIES = table_of(AlertDeliveryRow)


class PruningRows(SessionRows):
    """Deletion of rows that ended long ago."""

    def prune(self, days: float, limit: int) -> int:
        """Delete rows that ended ``days`` ago, at most ``limit`` of each kind; returns how many."""
        before = moment(self.now - days * DAY)
        over = ALERTS.c.resolved_at < before
        about_over = exists().where(ALERTS.c.id == _HISTORY.c.alert_id, over)
        # History first, since it references alerts; alerts still referenced stay for the next turn.
        return (
            self._drop(
                _HISTORY,
                limit,
                _HISTORY.c.at < before,
                _HISTORY.c.told_at.is_not(None),
                or_(_HISTORY.c.alert_id.is_(None), about_over),
            )
            + self._drop(ALERTS, limit, over, ~exists().where(_HISTORY.c.alert_id == ALERTS.c.id))
            + self._drop(_DELIVERIES, limit, _DELIVERIES.c.settled_at < before)
            + self._drop(
                _SILENCES, limit, func.coalesce(_SILENCES.c.ended_at, _SILENCES.c.until) < before
            )
        )

    def _drop(self, table: Table, limit: int, *over: Any) -> int:
        ids = self.session.scalars(select(table.c.id).where(*over).limit(limit)).all()
        if ids:
            self.session.execute(delete(table).where(table.c.id.in_(ids)))
        return len(ids)


class AlertRows(EvaluationRows, OperatorRows, WebhookRows, PruningRows):
    """The rows of one transaction. Ids grow; lists are newest first unless they say otherwise.

    ``after`` begins after the row of that id.
    """


class AlertStore:
    """Opens transactions, inside and outside the contexts of its application. Methods raise
    ``StoreUnavailable`` when the database is unavailable."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first transaction."""
        self._app = app
        self._unreadable: set[int] = set()

    @contextmanager
    def reading(self) -> Iterator[AlertRows]:
        """A transaction for reading."""
        with sessions.reading(self._app) as session:
            yield self._rows(session)

    @contextmanager
    def writing(self) -> Iterator[AlertRows]:
        """A transaction for writing: it is committed when the block ends, undone if it raises."""
        with sessions.recording(self._app) as session:
            yield self._rows(session)

    def _rows(self, session: Session) -> AlertRows:
        return AlertRows(session, self._sealer, self._unreadable)

    def _sealer(self) -> Sealer:
        return sealer_of(self._app)
