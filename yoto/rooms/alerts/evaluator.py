"""Evaluations of the rules: values in; alerts, history, messages and degradation out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, TypeAlias

from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.links import Links
from yoto.monitor.signals import Value
from yoto.optimization import Elected
from yoto.redis import EXPECTED_FAILURES

from .degrading import Degrader
from .machine import Cause, Kind, Transition, step, text_of
from .notices import AlertPublisher, event_of, queue_event, unannounced
from .records import MOST_SILENCES, Alert, Board
from .rulebook import Rulebook, RuleInForce
from .tables import AlertRows, AlertStore
from .track import Track

log = logging.getLogger(__name__)

# Share of the interval: a worker that comes sooner after another's evaluation skips its own. After
# its own evaluation it keeps its own pace, which a housekeeper may shorten to run tasks together.
TOO_SOON = 0.9
OWN_TOO_SOON = 0.35
# s between checks for entries that another worker may have left unpublished.
PUBLISH_EVERY = 15.0

Values: TypeAlias = Callable[[], Mapping[str, Value]]


def always() -> AbstractContextManager[bool]:
    """An election with one voter."""
    return nullcontext(True)


@dataclass
class EvaluationCounts:
    """Counters of this process.

    Attributes:
        evaluations: evaluations by this process.
        left: turns skipped because another worker had evaluated, or was evaluating.
        unelected: evaluations without an election, because Redis was unavailable.
        value_failures: turns in which the values were unavailable; all counted as unknown.
        degrade_failures: levels of degradation that could not be raised or taken back.
    """

    evaluations: int = 0
    left: int = 0
    unelected: int = 0
    value_failures: int = 0
    degrade_failures: int = 0


class _Late(Exception):
    """Another worker evaluated meanwhile."""


class Evaluator:
    """Evaluates the rules, at most once an interval in all workers.

    The election only saves work. The version of the board makes each evaluation count once: a
    worker that was paused, or elected by mistake, changes nothing. So evaluation goes on without
    Redis, which elections need.
    """

    def __init__(
        self,
        store: AlertStore,
        rulebook: Rulebook,
        values: Values,
        publisher: AlertPublisher,
        interval: float,
        elected: Elected = always,
        degrader: Degrader | None = None,
        links: Links | None = None,
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self.values = values
        self._publisher = publisher
        self._interval = interval
        self._elected = elected
        self._degrader = degrader
        self._links = links or Links()
        self._values_failing = False
        self._refused: frozenset[str] = frozenset()
        self._was_mine = False
        self._seen_version: int | None = None
        self._seen_at = monotonic()
        self._published_at = -PUBLISH_EVERY
        self.counts = EvaluationCounts()

    def turn(self) -> list[Transition]:
        """Evaluate if it is time and this worker's turn, and publish the transitions.

        Raises:
            StoreUnavailable: the store is unavailable; nothing happened.
        """
        with ExitStack() as stack:
            if not self._lead(stack):
                self.counts.left += 1
                return []
            try:
                transitions, alerts, rules = self._evaluate()
            except _Late:
                self.counts.left += 1
                return []
        if transitions or monotonic() - self._published_at >= PUBLISH_EVERY:
            self._published_at = monotonic()
            self._publisher.publish()
        if self._degrader is not None:
            self.counts.degrade_failures += self._degrader.apply(rules, alerts, transitions)
        return transitions

    @property
    def silent_for(self) -> float:
        """Seconds since this process last saw an evaluation by any worker; since its start, if it
        never did."""
        return monotonic() - self._seen_at

    def _lead(self, stack: ExitStack) -> bool:
        try:
            return stack.enter_context(self._elected())
        except EXPECTED_FAILURES as error:
            self.counts.unelected += 1
            log.debug("alerts are evaluated without an election: %s", error)
            return True

    def _evaluate(self) -> tuple[list[Transition], Sequence[Alert], Sequence[RuleInForce]]:
        # The last evaluator need not check first: another worker is unlikely to be sooner.
        mine, self._was_mine = self._was_mine, False
        if not mine:
            self._look()
        # Before the transaction: measuring, and the first read of the record, may take time.
        values = self._read_values()
        in_force = self._rulebook.recorded()
        with self._store.writing() as rows:
            board = rows.board()
            still_mine = mine and board.version == self._seen_version
            self._note_evaluation(board)
            if self._too_soon(rows.now, board, OWN_TOO_SOON if still_mine else TOO_SOON):
                raise _Late
            alerts = rows.open_alerts() if board.open_alerts else ()
            rules = [entry.rule for entry in in_force]
            result = step(rules, reconciled(board.tracks, alerts, rows.now), values, rows.now)
            if not rows.save_board(board.version, result.tracks):
                raise _Late
            by_name = {rule.name: rule for rule in rules}
            known = {alert.key: alert for alert in alerts}
            self._apply(rows, result.transitions, known, by_name)
            alerts = [
                _followed(rows, alert, by_name[alert.rule], result.tracks[alert.key])
                for alert in (rows.open_alerts() if result.transitions else alerts)
            ]
            if alerts:
                self._queue_webhooks(rows, alerts, by_name)
        self.counts.evaluations += 1
        self._was_mine = True
        self._seen_version, self._seen_at = board.version + 1, monotonic()
        self._note_refused(result.refused)
        return result.transitions, alerts, in_force

    def _look(self) -> None:
        with self._store.reading() as rows:
            board = rows.board()
            self._note_evaluation(board)
            if self._too_soon(rows.now, board, TOO_SOON):
                raise _Late

    def _too_soon(self, now: float, board: Board, share: float) -> bool:
        """Whether the last evaluation is more recent than that share of an interval. One in the
        future is not, since the clock was set back."""
        return 0 <= now - board.evaluated_at < share * self._interval

    def _note_evaluation(self, board: Board) -> None:
        """Another worker evaluated since our last check if the board has another version."""
        if board.version != self._seen_version:
            self._seen_version, self._seen_at = board.version, monotonic()

    def _read_values(self) -> Mapping[str, Value]:
        try:
            values = self.values()
        except Exception:
            self.counts.value_failures += 1
            if not self._values_failing:
                log.exception("the values for alerts cannot be had; all are unknown")
            self._values_failing = True
            return {}
        self._values_failing = False
        return values

    def _apply(
        self,
        rows: AlertRows,
        transitions: Sequence[Transition],
        known: Mapping[str, Alert],
        rules: Mapping[str, AlertRule],
    ) -> None:
        for transition in transitions:
            if transition.kind is Kind.RAISED:
                alert = rows.add_alert(transition)
            else:
                columns = _columns(transition, rows.now)
                alert = replace(known[transition.key], **columns)
                rows.change_alert(alert.id, **columns)
            event = event_of(alert, transition.old)
            rows.record(event, alert.id)
            # A new or changed level is announced from the alert, which a silence may hold back; an
            # end is announced to every receiver that was notified of the alert.
            if not alert.open and alert.told_level is not None:
                queue_event(rows, event, alert.told_level, None, self._where(alert, rules))

    def _queue_webhooks(
        self, rows: AlertRows, alerts: Sequence[Alert], rules: Mapping[str, AlertRule]
    ) -> None:
        silences = rows.silences(True, MOST_SILENCES)
        for alert in unannounced(alerts, silences, rows.now):
            event, where = event_of(alert, alert.told_level), self._where(alert, rules)
            queue_event(rows, event, alert.told_level, alert.level, where)
            rows.change_alert(alert.id, told_level=alert.level)

    def _where(self, alert: Alert, rules: Mapping[str, AlertRule]) -> dict[str, str | None]:
        """The links for the reader of a message."""
        rule = rules.get(alert.rule)
        runbook = self._links.runbook(alert.rule, "" if rule is None else rule.runbook)
        return {"runbook": runbook, "link": self._links.page(f"alerts?alert={alert.id}")}

    def _note_refused(self, refused: Sequence[str]) -> None:
        new = frozenset(refused) - self._refused
        if new:
            log.warning("values under these names are not watched: %s", ", ".join(sorted(new)[:5]))
        self._refused = frozenset(refused)


def reconciled(
    tracks: Mapping[str, Track] | None, alerts: Sequence[Alert], now: float
) -> dict[str, Track]:
    """The tracks, corrected by the open alerts: the table of alerts wins over the board.

    Tracks that cannot be read, or an alert that was deleted by hand, thus neither leave an alert
    that never ends nor hide one.
    """
    kept = dict(tracks or {})
    held = {alert.key: alert for alert in alerts}
    for key in [key for key, track in kept.items() if track.rank and key not in held]:
        del kept[key]
    for key, alert in held.items():
        if key not in kept or not kept[key].rank:
            kept[key] = Track(
                at=now,
                value=alert.value,
                level=alert.level.rank,
                peak=alert.peak_value,
                peak_level=alert.peak_level.rank,
                peak_limit=alert.limit if alert.level is alert.peak_level else None,
            )
    return kept


def _followed(rows: AlertRows, alert: Alert, rule: AlertRule, track: Track) -> Alert:
    """An open alert with its value now and at worst; transitions announce its level."""
    found: dict[str, Any] = {"value": track.value, "peak_value": track.peak}
    if alert.cause is not Cause.UNKNOWN and alert.peak_value != track.peak:
        found["text"] = text_of(rule, track)
    changes = {name: value for name, value in found.items() if getattr(alert, name) != value}
    if not changes:
        return alert
    rows.change_alert(alert.id, **changes)
    return replace(alert, **changes)


def _columns(transition: Transition, now: float) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "value": transition.value,
        "peak_level": transition.peak_level,
        "peak_value": transition.peak_value,
        "cause": transition.cause,
        "text": transition.text,
        "changed_at": now,
    }
    if transition.cause not in (Cause.RULE, Cause.GONE):
        columns["limit"] = transition.limit
    if transition.new is None:
        return {**columns, "resolved_at": now}
    return {**columns, "level": transition.new}
