"""The tables that evaluations write: the board, alerts, their history."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, insert, select, update

from yoto.events import Event, decode, encode
from yoto.monitor.alert_rules import Level
from yoto.monitor.series_names import with_labels
from yoto.store.portable import database_time

from ..machine import Cause, Transition
from ..model import AlertBoardRow, AlertHistoryRow
from ..records import Alert, AlertFilter, Board, HistoryEntry
from ..track import Track
from .rows import ALERTS, SessionRows, moment, seconds, table_of

log = logging.getLogger(__name__)

_BOARD = table_of(AlertBoardRow)
_HISTORY = table_of(AlertHistoryRow)
_THE_BOARD = 1
_OPEN = ALERTS.c.open_key.is_not(None)
_TRACKS = msgspec.json.Decoder(dict[str, Track])
# Fields of an alert with other names in the table.
_COLUMNS = {"limit": "threshold"}


class EvaluationRows(SessionRows):
    """The rows that evaluations read and write."""

    def board(self) -> Board:
        """The state of the evaluation."""
        # One statement, since without open alerts an evaluation reads nothing else.
        statement = select(
            _BOARD,
            database_time().label("now"),
            select(func.count()).where(_OPEN).scalar_subquery().label("open_alerts"),
        )
        row = self.session.execute(statement).mappings().one()
        # Unless it was read before; within a transaction the time stands still.
        self.__dict__.setdefault("now", float(row["now"]))
        return Board(
            version=row["version"],
            evaluated_at=seconds(row["evaluated_at"]) or 0.0,
            tracks=_tracks(row["tracks"]),
            open_alerts=row["open_alerts"],
        )

    def save_board(self, version: int, tracks: Mapping[str, Track]) -> bool:
        """Go from ``version`` to the next; False if another worker did."""
        statement = (
            update(_BOARD)
            .where(_BOARD.c.id == _THE_BOARD, _BOARD.c.version == version)
            .values(
                version=version + 1,
                evaluated_at=self.now_at,
                tracks=msgspec.json.encode(tracks).decode(),
            )
        )
        return self.changed(statement)

    def open_alerts(self) -> Sequence[Alert]:
        """The open alerts, oldest first."""
        statement = select(ALERTS).where(_OPEN).order_by(ALERTS.c.id)
        return self._alerts(statement)

    def add_alert(self, transition: Transition) -> Alert:
        """Insert a new alert."""
        assert transition.new is not None
        alert_id = self.insert(
            insert(ALERTS).values(
                open_key=hashlib.sha256(transition.key.encode()).hexdigest(),
                rule=transition.rule,
                labels=dict(transition.labels),
                level=transition.new.value,
                value=transition.value,
                threshold=transition.limit,
                peak_level=transition.peak_level.value,
                peak_value=transition.peak_value,
                cause=transition.cause.value,
                text=transition.text,
                raised_at=self.now_at,
                changed_at=self.now_at,
            )
        )
        (alert,) = self._alerts(select(ALERTS).where(ALERTS.c.id == alert_id))
        return alert

    def change_alert(self, alert_id: int, **values: Any) -> None:
        """Set columns of an alert; one with an end is not open any more."""
        columns = {_COLUMNS.get(name, name): _stored(name, it) for name, it in values.items()}
        if values.get("resolved_at") is not None:
            columns["open_key"] = None
        self.session.execute(update(ALERTS).where(ALERTS.c.id == alert_id).values(columns))

    def alert(self, alert_id: int) -> Alert | None:
        """One alert."""
        return next(iter(self._alerts(select(ALERTS).where(ALERTS.c.id == alert_id))), None)

    def alerts(self, which: AlertFilter, after: int | None, limit: int) -> Sequence[Alert]:
        """Alerts with an id below ``after``."""
        statement = select(ALERTS).order_by(ALERTS.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(ALERTS.c.id < after)
        for column, expected in (
            (ALERTS.c.open_key.is_not(None), which.open),
            (ALERTS.c.acknowledged_at.is_not(None), which.acknowledged),
        ):
            if expected is not None:
                statement = statement.where(column if expected else ~column)
        if which.rule is not None:
            statement = statement.where(ALERTS.c.rule == which.rule)
        if which.level is not None:
            statement = statement.where(ALERTS.c.level == which.level.value)
        return self._alerts(statement)

    def acknowledge(self, alert_id: int, by: str, note: str) -> bool:
        """Set who acknowledged an open alert; False if it is not open."""
        statement = (
            update(ALERTS)
            .where(ALERTS.c.id == alert_id, ALERTS.c.open_key.is_not(None))
            .values(acknowledged_at=self.now_at, acknowledged_by=by, note=note)
        )
        return self.changed(statement)

    def record(self, event: Event, alert_id: int | None = None) -> HistoryEntry:
        """Record an event in the history; it is not yet published."""
        entry_id = self.insert(
            insert(_HISTORY).values(
                alert_id=alert_id, kind=event.type, data=encode(event).decode(), at=self.now_at
            )
        )
        return HistoryEntry(id=entry_id, at=self.now, event=event, alert_id=alert_id)

    def history(
        self, alert_id: int, limit: int, after: int | None = None
    ) -> Sequence[HistoryEntry]:
        """The history of an alert."""
        statement = (
            select(_HISTORY)
            .where(_HISTORY.c.alert_id == alert_id)
            .order_by(_HISTORY.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(_HISTORY.c.id < after)
        return [_entry(row) for row in self.session.execute(statement).mappings()]

    def unpublished(self, limit: int) -> Sequence[HistoryEntry]:
        """Entries of the history that are not yet in the event stream, oldest first."""
        statement = (
            select(_HISTORY)
            .where(_HISTORY.c.told_at.is_(None))
            .order_by(_HISTORY.c.id)
            .limit(limit)
        )
        return [_entry(row) for row in self.session.execute(statement).mappings()]

    def mark_published(self, ids: Sequence[int]) -> None:
        """Mark entries as published in the event stream."""
        self.session.execute(
            update(_HISTORY).where(_HISTORY.c.id.in_(ids)).values(told_at=self.now_at)
        )

    def _alerts(self, statement: Any) -> list[Alert]:
        return [_alert(row) for row in self.session.execute(statement).mappings()]


def _alert(row: RowMapping) -> Alert:
    return Alert(
        id=row["id"],
        key=with_labels(row["rule"], row["labels"]),
        rule=row["rule"],
        labels=row["labels"],
        level=Level(row["level"]),
        value=row["value"],
        limit=row["threshold"],
        peak_level=Level(row["peak_level"]),
        peak_value=row["peak_value"],
        cause=Cause(row["cause"]),
        text=row["text"],
        raised_at=row["raised_at"].timestamp(),
        changed_at=row["changed_at"].timestamp(),
        resolved_at=seconds(row["resolved_at"]),
        acknowledged_at=seconds(row["acknowledged_at"]),
        acknowledged_by=row["acknowledged_by"],
        note=row["note"],
        told_level=None if row["told_level"] is None else Level(row["told_level"]),
    )


def _entry(row: RowMapping) -> HistoryEntry:
    return HistoryEntry(
        id=row["id"],
        at=row["at"].timestamp(),
        event=decode(row["kind"], row["data"].encode()),
        alert_id=row["alert_id"],
    )


def _tracks(stored: str) -> dict[str, Track] | None:
    try:
        return _TRACKS.decode(stored)
    except msgspec.MsgspecError as error:
        # Another version of the code wrote it; open alerts are in a table of their own.
        log.warning("what was seen of pending alerts cannot be read: %s", error)
        return None


def _stored(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return moment(value)
    return value.value if isinstance(value, Level | Cause) else value
