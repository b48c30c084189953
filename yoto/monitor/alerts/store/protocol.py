"""The contract of an alert store. Everything else is decided above it, once for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from yoto.audit import AuditEntry
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

# The error of deliveries that waited for a webhook when it was removed.
WEBHOOK_REMOVED = "the webhook was removed"
# The error of deliveries that were given up before they were ever tried.
NEVER_TRIED = "it waited too long behind others"


class AlertRows(Protocol):
    """The rows of one transaction. Ids grow; lists are newest first unless they say otherwise.

    ``after`` goes on behind the row of that id, or of that version.
    """

    @property
    def now(self) -> float:
        """The store's time, seconds since 1970: one clock for all processes."""
        ...

    # Evaluation

    def board(self) -> Board:
        """The state of the evaluation."""
        ...

    def save_board(self, version: int, tracks: Mapping[str, Track]) -> bool:
        """Go from ``version`` to the next; False if another worker did."""
        ...

    def open_alerts(self) -> Sequence[Alert]:
        """The alerts that hold, oldest first."""
        ...

    def add_alert(self, transition: Transition) -> Alert:
        """A new alert."""
        ...

    def change_alert(self, alert_id: int, **values: Any) -> None:
        """Set columns of an alert; one that ends is not open any more."""
        ...

    # Requests of people

    def alert(self, alert_id: int) -> Alert | None:
        """One alert."""
        ...

    def alerts(self, which: AlertFilter, after: int | None, limit: int) -> Sequence[Alert]:
        """Those with an id below ``after``."""
        ...

    def acknowledge(self, alert_id: int, by: str, note: str) -> bool:
        """Set who acknowledged an open alert; False if it is not open."""
        ...

    def silences(
        self, only_active: bool, limit: int, after: int | None = None
    ) -> Sequence[Silence]:
        """Silences."""
        ...

    def add_silence(
        self, rule: str, labels: Mapping[str, str], seconds: float, by: str, reason: str
    ) -> Silence:
        """A silence from now on."""
        ...

    def end_silence(self, silence_id: int, by: str) -> Silence | None:
        """End an active silence; None if there is none of that id."""
        ...

    def rule_changes(self) -> Sequence[RuleChange]:
        """The newest change of each rule."""
        ...

    def rule_history(self, rule: str, limit: int, after: int | None = None) -> Sequence[RuleChange]:
        """The changes of one rule."""
        ...

    def add_rule_change(
        self, rule: str, version: int, values: Mapping[str, Any], by: str, reason: str
    ) -> None:
        """The next version of a rule.

        Raises:
            VersionConflict: at the end of the transaction or before, that version exists.
        """
        ...

    def audit(self, entry: AuditEntry) -> None:
        """Record an action together with its change.

        Raises:
            UnknownResource: it names an account that is not there.
        """
        ...

    # History, and its way into the event stream

    def record(self, event: Event, alert_id: int | None = None) -> HistoryEntry:
        """Something happened; it is untold as yet."""
        ...

    def history(
        self, alert_id: int, limit: int, after: int | None = None
    ) -> Sequence[HistoryEntry]:
        """The history of an alert."""
        ...

    def untold(self, limit: int) -> Sequence[HistoryEntry]:
        """Entries that are not in the event stream yet, oldest first."""
        ...

    def told(self, ids: Sequence[int]) -> None:
        """These are in the event stream."""
        ...

    # Webhooks

    def webhooks(self) -> Sequence[Webhook]:
        """Those in use, oldest first."""
        ...

    def webhook(self, webhook_id: int) -> Webhook | None:
        """One in use."""
        ...

    def add_webhook(self, name: str, url: str, secret: str, level: Level, by: str) -> Webhook:
        """A new webhook."""
        ...

    def remove_webhook(self, webhook_id: int) -> None:
        """Use it no more, and give up its waiting messages."""
        ...

    def claim_webhook(self, webhook_id: int, seconds: float) -> bool:
        """Be the one worker that delivers to it for so long; False if it is not due or taken
        (see ``Webhook.due``)."""
        ...

    def release_webhook(self, webhook_id: int, failures: int, pause: float) -> None:
        """Allow deliveries by others again, after ``pause`` seconds."""
        ...

    def add_delivery(self, webhook_id: int, event: str, body: str) -> Delivery:
        """A message that waits."""
        ...

    def waiting(self, webhook_id: int, limit: int) -> Sequence[Delivery]:
        """Messages that wait for a webhook, oldest first."""
        ...

    def give_up(self, webhook_id: int, age: float) -> int:
        """Give up messages to a webhook that are at least ``age`` seconds old; how many."""
        ...

    def deliveries(
        self, webhook_id: int, limit: int, after: int | None = None
    ) -> Sequence[Delivery]:
        """Messages to a webhook."""
        ...

    def tried(
        self,
        delivery_id: int,
        status: int | None,
        error: str | None,
        settled: bool,
    ) -> None:
        """A message was tried; without an error it was delivered. Settled: it waits no more."""
        ...

    def prune(self, days: float, limit: int) -> int:
        """Delete rows that ended so many days ago, at most ``limit`` of each kind; how many."""
        ...


class AlertStore(Protocol):
    """Opens transactions. Methods raise ``StoreUnavailable`` when the store is unavailable."""

    def reading(self) -> AbstractContextManager[AlertRows]:
        """Rows to read."""
        ...

    def writing(self) -> AbstractContextManager[AlertRows]:
        """Rows to write: all that was done is kept when the block ends, nothing if it raises."""
        ...
