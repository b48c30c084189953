"""Operators' actions on alerts: list, acknowledge, silence. Each is recorded and published."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from yoto.audit import AuditEntry
from yoto.checks import LABELS, check_author
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.rules import Errors, Number, Whole, check, refuse

from .facts import AlertAcknowledged, AlertSilenced, AlertUnsilenced
from .notices import AlertPublisher, is_silenced
from .records import EVERY_RULE, MOST_SILENCES, Alert, AlertFilter, HistoryEntry, Silence
from .tables import AlertStore

log = logging.getLogger(__name__)

# s; a shorter silence ends before anyone reads of it, a longer one should be a rule switched off.
SHORTEST_SILENCE = 10.0
LONGEST_SILENCE = 30 * 24 * 3600.0
PAGE_MAX = 100
HISTORY_SHOWN = 100


@dataclass(frozen=True, slots=True)
class AlertPage:
    """A slice of alerts, newest first.

    Attributes:
        items: the alerts.
        silenced: ids of those that an active silence matches.
        next: ``after`` of the next slice; None at the end.
    """

    items: Sequence[Alert]
    silenced: frozenset[int]
    next: int | None


class AlertService:
    """Alerts and silences of one application. Methods raise ``StoreUnavailable`` without the
    store; nothing happened then."""

    def __init__(
        self, store: AlertStore, publisher: AlertPublisher, rules: Callable[[], Collection[str]]
    ) -> None:
        """``rules`` returns the names of the present rules."""
        self._store = store
        self._publisher = publisher
        self._rules = rules

    def list(
        self, which: AlertFilter | None = None, after: int | None = None, limit: int = 50
    ) -> AlertPage:
        """Alerts, newest first.

        Args:
            which: by default all.
            after: ``next`` of the previous slice.
            limit: 1 to 100.

        Raises:
            ValidationFailed: a limit out of its range.
        """
        errors: Errors = {}
        check(errors, "limit", limit, Whole(1, PAGE_MAX))
        refuse(errors)
        with self._store.reading() as rows:
            found = rows.alerts(which or AlertFilter(), after, limit + 1)
            items = found[:limit]
            silences = rows.silences(True, MOST_SILENCES) if items else ()
            silenced = frozenset(one.id for one in items if is_silenced(one, silences, rows.now))
        return AlertPage(items, silenced, items[-1].id if len(found) > limit else None)

    def get(self, alert_id: int) -> Alert:
        """One alert.

        Raises:
            UnknownResource: there is none.
        """
        with self._store.reading() as rows:
            alert = rows.alert(alert_id)
        if alert is None:
            raise UnknownResource("alert", alert_id)
        return alert

    def history(
        self, alert_id: int, after: int | None = None, limit: int = HISTORY_SHOWN
    ) -> Sequence[HistoryEntry]:
        """The history of an alert, newest first.

        Args:
            after: begin after the entry of this id.

        Raises:
            UnknownResource: there is none.
        """
        self.get(alert_id)
        with self._store.reading() as rows:
            return rows.history(alert_id, limit, after)

    def acknowledge(self, alert_id: int, *, by: str, note: str = "") -> Alert:
        """Acknowledge an open alert as ``by``; a later acknowledgement replaces an earlier one.

        Raises:
            UnknownResource: there is no such alert.
            ValidationFailed: it is resolved, or a text is too long.
        """
        check_author(by, note, "note")
        with self._store.writing() as rows:
            alert = rows.alert(alert_id)
            if alert is None:
                raise UnknownResource("alert", alert_id)
            if not rows.acknowledge(alert_id, by, note):
                raise ValidationFailed({"alert_id": f"alert {alert_id} is over"})
            event = AlertAcknowledged(
                alert_id=alert_id,
                rule=alert.rule,
                labels=dict(alert.labels),
                level=alert.level.value,
                by=by,
                note=note,
            )
            rows.record(event, alert_id)
            rows.audit(
                AuditEntry(
                    action="alert.acknowledge", subject=f"alert:{alert_id}", by=by, reason=note
                )
            )
        self._publish()
        return self.get(alert_id)

    def silence(
        self,
        rule: str,
        labels: Mapping[str, str] | None = None,
        *,
        seconds: float,
        by: str,
        reason: str = "",
    ) -> Silence:
        """Send no notifications of alerts for a while; they are raised and shown all the same.

        Args:
            rule: a rule's name, or ``*`` for all.
            labels: labels with values that an alert must have.
            seconds: 10 seconds to 30 days.

        Raises:
            ValidationFailed: a bad value, or too many silences.
        """
        labels = {} if labels is None else labels
        errors: Errors = {}
        known = () if rule == EVERY_RULE else self._rules()
        if rule != EVERY_RULE and rule not in known:
            errors["rule"] = f"must be {EVERY_RULE} or one of {', '.join(sorted(known))}"
        check(errors, "labels", labels, LABELS, shown=False)
        check(errors, "seconds", seconds, Number(SHORTEST_SILENCE, LONGEST_SILENCE))
        refuse(errors)
        check_author(by, reason)
        with self._store.writing() as rows:
            if len(rows.silences(True, MOST_SILENCES)) >= MOST_SILENCES:
                raise ValidationFailed({"rule": f"there are {MOST_SILENCES} silences"})
            silence = rows.add_silence(rule, labels, seconds, by, reason)
            until_ms = round(silence.until * 1000)
            rows.record(
                AlertSilenced(
                    silence_id=silence.id,
                    rule=rule,
                    labels=dict(labels),
                    until_ms=until_ms,
                    by=by,
                    reason=reason,
                )
            )
            rows.audit(
                AuditEntry(
                    action="alert.silence",
                    subject=f"alert_silence:{silence.id}",
                    by=by,
                    reason=reason,
                    after={"rule": rule, "labels": dict(labels), "until_ms": until_ms},
                )
            )
        self._publish()
        return silence

    def unsilence(self, silence_id: int, *, by: str, reason: str = "") -> Silence:
        """End a silence before its time.

        Raises:
            UnknownResource: there is no active silence of that id.
        """
        check_author(by, reason)
        with self._store.writing() as rows:
            silence = rows.end_silence(silence_id, by)
            if silence is None:
                raise UnknownResource("silence", silence_id)
            rows.record(AlertUnsilenced(silence_id=silence_id, by=by, reason=reason))
            rows.audit(
                AuditEntry(
                    action="alert.unsilence",
                    subject=f"alert_silence:{silence_id}",
                    by=by,
                    reason=reason,
                    before={"rule": silence.rule, "labels": dict(silence.labels)},
                )
            )
        self._publish()
        return silence

    def silences(
        self, only_active: bool = True, after: int | None = None, limit: int = MOST_SILENCES
    ) -> Sequence[Silence]:
        """Silences, newest first: by default all that can be active at once.

        Args:
            after: begin after the silence of this id.
        """
        with self._store.reading() as rows:
            return rows.silences(only_active, limit, after)

    def _publish(self) -> None:
        try:
            self._publisher.publish()
        except StoreUnavailable as error:
            # The action is stored, and the next evaluation publishes it.
            log.warning("an act on alerts is told later: %s", error)
