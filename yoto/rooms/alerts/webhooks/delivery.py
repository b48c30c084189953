"""Delivers messages: each webhook by one worker at a time, in order, with growing pauses."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from math import inf
from time import monotonic

from ..records import FURTHEST_OFF, Delivery, Webhook
from ..tables import AlertStore
from .sending import Outcome, Sender

log = logging.getLogger(__name__)

# s for which a worker has a webhook to itself, even if the worker dies. It begins no message in the
# second half, which is longer than one message can take.
CLAIM = 90.0
# Messages between two reads of the store.
BATCH = 20
# s between tries.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = FURTHEST_OFF
# Share of the pause by which it varies, so that receivers are not hit in step.
JITTER = 0.2
# Characters; as wide as the column.
LONGEST_ERROR = 200


def pause_after(failures: int, chance: float) -> float:
    """Seconds to wait after ``failures`` in a row, 1 or more; doubles each time.

    Args:
        chance: 0 to 1, drawn by the caller.
    """
    pause = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE)
    return pause * (1.0 - JITTER * chance)


@dataclass
class DeliveryCounts:
    """Messages that this process delivered, failed to deliver, and gave up."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0


class Deliverer:
    """Sends the waiting messages of the store.

    A message stays in the store until it was accepted or given up, so a restart loses none. If a
    worker dies between sending and recording it, the message comes twice, with the same
    ``webhook-id``.

    Attributes:
        retry_in: s from the last turn to the next retry.
    """

    def __init__(self, store: AlertStore, sender: Sender, give_up_hours: float) -> None:
        """``give_up_hours``: age at which an undelivered message is given up."""
        self._store = store
        self._sender = sender
        self._give_up = give_up_hours * 3600
        self.counts = DeliveryCounts()
        self.retry_in = inf

    def turn(self) -> int:
        """Try the messages that are due; returns how many were delivered.

        Raises:
            StoreUnavailable: the store is unavailable.
        """
        delivered = 0
        self.retry_in = inf
        with self._store.reading() as rows:
            webhooks = rows.webhooks()
            if not webhooks:
                return 0
            now = rows.now
            due = [
                webhook for webhook in webhooks if webhook.due(now) and rows.waiting(webhook.id, 1)
            ]
        for webhook in webhooks:
            if not webhook.due(now) and webhook.next_at > now:
                self.retry_in = min(self.retry_in, webhook.next_at - now)
        for webhook in due:
            with self._store.writing() as rows:
                mine = rows.claim_webhook(webhook.id, CLAIM)
                # All old messages, not only the first: notices that are days old are of no use.
                given_up = rows.give_up(webhook.id, self._give_up) if mine else 0
            if given_up:
                self.counts.given_up += given_up
                log.warning("%d messages to the webhook '%s' are given up", given_up, webhook.name)
            if mine:
                delivered += self._deliver(webhook)
        return delivered

    def _deliver(self, webhook: Webhook) -> int:
        until = monotonic() + CLAIM / 2
        delivered = 0
        while True:
            with self._store.reading() as rows:
                batch = rows.waiting(webhook.id, BATCH)
            for delivery in batch:
                outcome = self._sender.send(
                    webhook.url, webhook.secret, f"msg_{delivery.id}", delivery.body
                )
                if not self._note(webhook, delivery, outcome):
                    return delivered
                delivered += 1
                if monotonic() > until:
                    break
            if len(batch) < BATCH or monotonic() > until:
                with self._store.writing() as rows:
                    rows.release_webhook(webhook.id, 0 if delivered else webhook.failures, 0.0)
                return delivered

    def _note(self, webhook: Webhook, delivery: Delivery, outcome: Outcome) -> bool:
        """Record a try; returns whether it succeeded. A failure ends this worker's turn."""
        if outcome.delivered:
            with self._store.writing() as rows:
                rows.tried(delivery.id, outcome.status, None, settled=True)
            self.counts.delivered += 1
            return True
        self.counts.failed += 1
        error = (outcome.error or "")[:LONGEST_ERROR]
        with self._store.writing() as rows:
            current = rows.webhook(webhook.id)
            failures = (current.failures if current is not None else 0) + 1
            # A webhook that was removed meanwhile has no waiting messages.
            removed = current is None
            rows.tried(delivery.id, outcome.status, error, settled=removed)
            pause = pause_after(failures, random.random())
            rows.release_webhook(webhook.id, failures, pause)
        self.retry_in = min(self.retry_in, pause)
        self.counts.given_up += removed
        if failures == 1:
            ending = "it is given up" if removed else "it is tried again"
            log.warning(
                "message %d to the webhook '%s' is not delivered (%s); %s",
                delivery.id,
                webhook.name,
                error,
                ending,
            )
        return False
