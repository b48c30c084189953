"""Deletes alerts, silences and messages that ended long ago."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, exists, func, or_, select

from ..model import AlertDeliveryRow, AlertHistoryRow, AlertSilenceRow
from .rows import ALERTS, SessionRows, moment, table_of

DAY = 24 * 3600.0

_HISTORY = table_of(AlertHistoryRow)
_SILENCES = table_of(AlertSilenceRow)
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
