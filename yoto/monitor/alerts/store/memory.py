"""Alerts in the memory of one process: for applications without a database, and for tests."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from yoto.errors import VersionConflict
from yoto.events import Event

from ..level import Level
from ..machine import Transition
from ..records import (
    Alert,
    AlertFilter,
    Board,
    Delivery,
    HistoryEntry,
    RuleChange,
    Silence,
    Webhook,
)
from ..track import Track
from .protocol import NEVER_TRIED, WEBHOOK_REMOVED, AuditAct

DAY = 24 * 3600.0


@dataclass
class _Tables:
    board: Board = Board(version=0, evaluated_at=0.0, tracks={})
    alerts: dict[int, Alert] = field(default_factory=dict)
    history: dict[int, HistoryEntry] = field(default_factory=dict)
    untold: set[int] = field(default_factory=set)
    silences: dict[int, Silence] = field(default_factory=dict)
    rules: dict[tuple[str, int], RuleChange] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    acts: list[AuditAct] = field(default_factory=list)
    last_id: int = 0

    def copied(self) -> _Tables:
        """Rows are frozen, so that their containers are all there is to copy."""
        return _Tables(**{name: copy.copy(value) for name, value in vars(self).items()})


class MemoryStore:
    """See ``AlertStore``. One transaction at a time; safe for threads and greenlets."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since 1970."""
        self._clock = clock
        self._tables = _Tables()
        self._lock = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[MemoryRows]:
        """See ``AlertStore``."""
        with self._lock:
            yield MemoryRows(self._tables.copied(), self._clock())

    @contextmanager
    def writing(self) -> Iterator[MemoryRows]:
        """See ``AlertStore``."""
        with self._lock:
            tables = self._tables.copied()
            yield MemoryRows(tables, self._clock())
            self._tables = tables


class MemoryRows:
    """See ``AlertRows``."""

    def __init__(self, tables: _Tables, now: float) -> None:
        self._tables = tables
        self.now = now

    def board(self) -> Board:
        return replace(
            self._tables.board,
            open_alerts=len(self.open_alerts()),
            rules=(len(self._tables.rules), 0),
        )

    def save_board(self, version: int, tracks: Mapping[str, Track]) -> bool:
        if self._tables.board.version != version:
            return False
        self._tables.board = Board(version=version + 1, evaluated_at=self.now, tracks=dict(tracks))
        return True

    def open_alerts(self) -> Sequence[Alert]:
        return [alert for alert in self._tables.alerts.values() if alert.open]

    def add_alert(self, transition: Transition) -> Alert:
        assert transition.new is not None
        alert = Alert(
            id=self._next_id(),
            key=transition.key,
            rule=transition.rule,
            labels=dict(transition.labels),
            level=transition.new,
            value=transition.value,
            limit=transition.limit,
            peak_level=transition.peak_level,
            peak_value=transition.peak_value,
            cause=transition.cause,
            text=transition.text,
            raised_at=self.now,
            changed_at=self.now,
        )
        self._tables.alerts[alert.id] = alert
        return alert

    def change_alert(self, alert_id: int, **values: Any) -> None:
        self._tables.alerts[alert_id] = replace(self._tables.alerts[alert_id], **values)

    def alert(self, alert_id: int) -> Alert | None:
        return self._tables.alerts.get(alert_id)

    def alerts(self, which: AlertFilter, after: int | None, limit: int) -> Sequence[Alert]:
        found = [
            alert
            for alert in self._tables.alerts.values()
            if _behind(alert.id, after)
            and which.open in (None, alert.open)
            and which.rule in (None, alert.rule)
            and which.level in (None, alert.level)
            and which.acknowledged in (None, alert.acknowledged_at is not None)
        ]
        return found[::-1][:limit]

    def acknowledge(self, alert_id: int, by: str, note: str) -> bool:
        alert = self._tables.alerts.get(alert_id)
        if alert is None or not alert.open:
            return False
        self.change_alert(alert_id, acknowledged_at=self.now, acknowledged_by=by, note=note)
        return True

    def silences(
        self, only_active: bool, limit: int, after: int | None = None
    ) -> Sequence[Silence]:
        found = [
            silence
            for silence in self._tables.silences.values()
            if _behind(silence.id, after) and (not only_active or silence.active(self.now))
        ]
        return found[::-1][:limit]

    def add_silence(
        self, rule: str, labels: Mapping[str, str], seconds: float, by: str, reason: str
    ) -> Silence:
        silence = Silence(
            id=self._next_id(),
            rule=rule,
            labels=dict(labels),
            until=self.now + seconds,
            by=by,
            reason=reason,
            created_at=self.now,
        )
        self._tables.silences[silence.id] = silence
        return silence

    def end_silence(self, silence_id: int, by: str) -> Silence | None:
        silence = self._tables.silences.get(silence_id)
        if silence is None or not silence.active(self.now):
            return None
        ended = replace(silence, ended_at=self.now, ended_by=by)
        self._tables.silences[silence_id] = ended
        return ended

    def rule_changes(self) -> Sequence[RuleChange]:
        newest: dict[str, RuleChange] = {}
        for change in self._tables.rules.values():
            newest[change.rule] = change
        return list(newest.values())

    def rule_history(self, rule: str, limit: int, after: int | None = None) -> Sequence[RuleChange]:
        found = [
            change
            for change in self._tables.rules.values()
            if change.rule == rule and _behind(change.version, after)
        ]
        return found[::-1][:limit]

    def add_rule_change(
        self, rule: str, version: int, values: Mapping[str, Any], by: str, reason: str
    ) -> None:
        found = self._tables.rules.get((rule, version))
        if found is not None:
            raise VersionConflict(found.version, dict(found.values))
        self._tables.rules[rule, version] = RuleChange(
            rule=rule, version=version, values=dict(values), by=by, reason=reason, at=self.now
        )

    def audit(self, act: AuditAct) -> None:
        self._tables.acts.append(act)

    @property
    def acts(self) -> Sequence[AuditAct]:
        """The recorded actions, oldest first."""
        return self._tables.acts

    def record(self, event: Event, alert_id: int | None = None) -> HistoryEntry:
        entry = HistoryEntry(id=self._next_id(), at=self.now, event=event, alert_id=alert_id)
        self._tables.history[entry.id] = entry
        self._tables.untold.add(entry.id)
        return entry

    def history(
        self, alert_id: int, limit: int, after: int | None = None
    ) -> Sequence[HistoryEntry]:
        found = [
            one
            for one in self._tables.history.values()
            if one.alert_id == alert_id and _behind(one.id, after)
        ]
        return found[::-1][:limit]

    def untold(self, limit: int) -> Sequence[HistoryEntry]:
        return [self._tables.history[one] for one in sorted(self._tables.untold)[:limit]]

    def told(self, ids: Sequence[int]) -> None:
        self._tables.untold.difference_update(ids)

    def webhooks(self) -> Sequence[Webhook]:
        return [one for one in self._tables.webhooks.values() if one.removed_at is None]

    def webhook(self, webhook_id: int) -> Webhook | None:
        found = self._tables.webhooks.get(webhook_id)
        return None if found is None or found.removed_at is not None else found

    def add_webhook(self, name: str, url: str, secret: str, level: Level, by: str) -> Webhook:
        webhook = Webhook(
            id=self._next_id(),
            name=name,
            url=url,
            secret=secret,
            min_level=level,
            created_by=by,
            created_at=self.now,
        )
        self._tables.webhooks[webhook.id] = webhook
        return webhook

    def remove_webhook(self, webhook_id: int) -> None:
        self._change_webhook(webhook_id, removed_at=self.now, secret="")
        for delivery in self.waiting(webhook_id, len(self._tables.deliveries)):
            self._tables.deliveries[delivery.id] = replace(
                delivery, settled_at=self.now, error=WEBHOOK_REMOVED
            )

    def claim_webhook(self, webhook_id: int, seconds: float) -> bool:
        webhook = self.webhook(webhook_id)
        if webhook is None or not webhook.due(self.now):
            return False
        self._change_webhook(webhook_id, claimed_until=self.now + seconds)
        return True

    def release_webhook(self, webhook_id: int, failures: int, pause: float) -> None:
        self._change_webhook(
            webhook_id, failures=failures, next_at=self.now + pause, claimed_until=0.0
        )

    def add_delivery(self, webhook_id: int, event: str, body: str) -> Delivery:
        delivery = Delivery(
            id=self._next_id(),
            webhook_id=webhook_id,
            event=event,
            body=body,
            created_at=self.now,
        )
        self._tables.deliveries[delivery.id] = delivery
        return delivery

    def waiting(self, webhook_id: int, limit: int) -> Sequence[Delivery]:
        return [
            one
            for one in self._tables.deliveries.values()
            if one.webhook_id == webhook_id and one.settled_at is None
        ][:limit]

    def give_up(self, webhook_id: int, age: float) -> int:
        old = [
            one
            for one in self.waiting(webhook_id, len(self._tables.deliveries))
            if one.created_at <= self.now - age
        ]
        for one in old:
            self._tables.deliveries[one.id] = replace(
                one, settled_at=self.now, error=one.error or NEVER_TRIED
            )
        return len(old)

    def deliveries(
        self, webhook_id: int, limit: int, after: int | None = None
    ) -> Sequence[Delivery]:
        found = [
            one
            for one in self._tables.deliveries.values()
            if one.webhook_id == webhook_id and _behind(one.id, after)
        ]
        return found[::-1][:limit]

    def tried(self, delivery_id: int, status: int | None, error: str | None, settled: bool) -> None:
        delivery = self._tables.deliveries[delivery_id]
        self._tables.deliveries[delivery_id] = replace(
            delivery,
            attempts=delivery.attempts + 1,
            status=status,
            error=error,
            delivered=error is None,
            settled_at=self.now if settled else None,
        )

    def prune(self, days: float, limit: int) -> int:
        before = self.now - days * DAY
        tables = self._tables
        over = {a.id for a in tables.alerts.values() if a.resolved_at and a.resolved_at < before}
        gone = _drop(
            tables.history,
            lambda one: one.at < before
            and one.id not in tables.untold
            and (one.alert_id is None or one.alert_id in over),
            limit,
        )
        with_history = {one.alert_id for one in tables.history.values()}
        gone += _drop(tables.alerts, lambda one: one.id in over - with_history, limit)
        gone += _drop(
            tables.deliveries, lambda one: bool(one.settled_at) and one.settled_at < before, limit
        )
        return gone + _drop(
            tables.silences, lambda one: (one.ended_at or one.until) < before, limit
        )

    def _change_webhook(self, webhook_id: int, **values: Any) -> None:
        self._tables.webhooks[webhook_id] = replace(self._tables.webhooks[webhook_id], **values)

    def _next_id(self) -> int:
        self._tables.last_id += 1
        return self._tables.last_id


def _behind(number: int, after: int | None) -> bool:
    return after is None or number < after


def _drop(rows: dict[int, Any], over: Callable[[Any], bool], limit: int) -> int:
    gone = [one for one in rows if over(rows[one])][:limit]
    for one in gone:
        del rows[one]
    return len(gone)
