"""The tables of webhooks and of the messages to them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, func, insert, or_, select, update

from yoto.monitor.alert_rules import Level
from yoto.sealing import Unreadable

from ..model import AlertDeliveryRow, AlertWebhookRow
from ..records import FURTHEST_OFF, NEVER_TRIED, WEBHOOK_REMOVED, Delivery, Webhook
from .rows import SessionRows, moment, seconds, table_of

URL, SECRET = "alert_webhooks.url", "alert_webhooks.secret"
# Stands for an address that was sealed with another key: nothing is sent to it, and messages wait
# until `flask secrets reseal` has run.
UNREADABLE = "unreadable://sealed-with-another-SECRET_KEY"

log = logging.getLogger(__name__)

_WEBHOOKS = table_of(AlertWebhookRow)
_DELIVERIES = table_of(AlertDeliveryRow)


class WebhookRows(SessionRows):
    """Webhooks, and the messages to them."""

    def webhooks(self) -> Sequence[Webhook]:
        """Webhooks in use, oldest first."""
        statement = (
            select(_WEBHOOKS).where(_WEBHOOKS.c.removed_at.is_(None)).order_by(_WEBHOOKS.c.id)
        )
        return [self._webhook(row) for row in self.session.execute(statement).mappings()]

    def webhook(self, webhook_id: int, locked: bool = False) -> Webhook | None:
        """A webhook in use; ``locked``: no other transaction changes it until this one ends."""
        statement = select(_WEBHOOKS).where(
            _WEBHOOKS.c.id == webhook_id, _WEBHOOKS.c.removed_at.is_(None)
        )
        if locked:
            statement = statement.with_for_update()
        row = self.session.execute(statement).mappings().one_or_none()
        return None if row is None else self._webhook(row)

    def add_webhook(
        self,
        name: str,
        url: str,
        secret: str,
        level: Level,
        by: str,
        access_requests: bool = False,
    ) -> Webhook:
        """Insert a webhook."""
        webhook_id = self.insert(
            insert(_WEBHOOKS).values(
                name=name,
                url=self.sealer().seal(url, URL),
                secret=self.sealer().seal(secret, SECRET),
                min_level=level.value,
                access_requests=access_requests,
                created_by=by,
                created_at=self.now_at,
                failures=0,
            )
        )
        webhook = self.webhook(webhook_id)
        assert webhook is not None
        return webhook

    def remove_webhook(self, webhook_id: int) -> None:
        """Remove a webhook, and give up its waiting messages."""
        self._change(webhook_id, removed_at=self.now_at, secret="")
        self.session.execute(
            update(_DELIVERIES)
            .where(_DELIVERIES.c.webhook_id == webhook_id, _DELIVERIES.c.settled_at.is_(None))
            .values(settled_at=self.now_at, error=WEBHOOK_REMOVED)
        )

    def replace_secret(self, webhook_id: int, secret: str) -> None:
        """Store the secrets: one, or the newest and the previous one with a space between."""
        self._change(webhook_id, secret=self.sealer().seal(secret, SECRET))

    def claim_webhook(self, webhook_id: int, seconds: float) -> bool:
        """Make this the only worker that delivers to the webhook for ``seconds``; False if it is
        not due or taken (see ``Webhook.due``).
        """
        free = [
            or_(column.is_(None), column <= self.now_at, column > moment(self.now + FURTHEST_OFF))
            for column in (_WEBHOOKS.c.next_at, _WEBHOOKS.c.claimed_until)
        ]
        statement = (
            update(_WEBHOOKS)
            .where(_WEBHOOKS.c.id == webhook_id, _WEBHOOKS.c.removed_at.is_(None), *free)
            .values(claimed_until=moment(self.now + seconds))
        )
        return self.changed(statement)

    def release_webhook(self, webhook_id: int, failures: int, pause: float) -> None:
        """Allow deliveries by others again, after ``pause`` seconds."""
        next_at = moment(self.now + pause)
        self._change(webhook_id, failures=failures, next_at=next_at, claimed_until=None)

    def add_delivery(self, webhook_id: int, event: str, body: str) -> Delivery:
        """Insert a waiting message."""
        delivery_id = self.insert(
            insert(_DELIVERIES).values(
                webhook_id=webhook_id,
                event=event,
                body=body,
                created_at=self.now_at,
                attempts=0,
                delivered=False,
            )
        )
        return Delivery(
            id=delivery_id, webhook_id=webhook_id, event=event, body=body, created_at=self.now
        )

    def waiting(self, webhook_id: int, limit: int) -> Sequence[Delivery]:
        """Waiting messages of a webhook, oldest first."""
        statement = (
            select(_DELIVERIES)
            .where(_DELIVERIES.c.webhook_id == webhook_id, _DELIVERIES.c.settled_at.is_(None))
            .order_by(_DELIVERIES.c.id)
            .limit(limit)
        )
        return [_delivery(row) for row in self.session.execute(statement).mappings()]

    def give_up(self, webhook_id: int, age: float) -> int:
        """Give up messages to a webhook that are at least ``age`` seconds old; returns how many."""
        statement = (
            update(_DELIVERIES)
            .where(
                _DELIVERIES.c.webhook_id == webhook_id,
                _DELIVERIES.c.settled_at.is_(None),
                _DELIVERIES.c.created_at <= moment(self.now - age),
            )
            .values(settled_at=self.now_at, error=func.coalesce(_DELIVERIES.c.error, NEVER_TRIED))
        )
        result: Any = self.session.execute(statement)
        return int(result.rowcount)

    def deliveries(
        self, webhook_id: int, limit: int, after: int | None = None
    ) -> Sequence[Delivery]:
        """Messages to a webhook."""
        statement = (
            select(_DELIVERIES)
            .where(_DELIVERIES.c.webhook_id == webhook_id)
            .order_by(_DELIVERIES.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(_DELIVERIES.c.id < after)
        return [_delivery(row) for row in self.session.execute(statement).mappings()]

    def tried(self, delivery_id: int, status: int | None, error: str | None, settled: bool) -> None:
        """Record a try: delivered if there is no error, settled if the message waits no more."""
        self.session.execute(
            update(_DELIVERIES)
            .where(_DELIVERIES.c.id == delivery_id)
            .values(
                attempts=_DELIVERIES.c.attempts + 1,
                status=status,
                error=error,
                delivered=error is None,
                settled_at=self.now_at if settled else None,
            )
        )

    def _webhook(self, row: RowMapping) -> Webhook:
        try:
            url = self.sealer().open(row["url"], URL)
            secret = self.sealer().open(row["secret"], SECRET)
            self.unreadable.discard(row["id"])
        except Unreadable as error:
            if row["id"] not in self.unreadable:  # each worker reads these rows repeatedly
                log.error("the webhook '%s' cannot be used: %s", row["name"], error)
            self.unreadable.add(row["id"])
            url, secret = UNREADABLE, ""
        return Webhook(
            id=row["id"],
            name=row["name"],
            url=url,
            secret=secret,
            min_level=Level(row["min_level"]),
            created_by=row["created_by"],
            created_at=row["created_at"].timestamp(),
            failures=row["failures"],
            next_at=seconds(row["next_at"]) or 0.0,
            claimed_until=seconds(row["claimed_until"]) or 0.0,
            removed_at=seconds(row["removed_at"]),
            access_requests=row["access_requests"],
        )

    def _change(self, webhook_id: int, **values: Any) -> None:
        self.session.execute(update(_WEBHOOKS).where(_WEBHOOKS.c.id == webhook_id).values(**values))


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        webhook_id=row["webhook_id"],
        event=row["event"],
        body=row["body"],
        created_at=row["created_at"].timestamp(),
        attempts=row["attempts"],
        settled_at=seconds(row["settled_at"]),
        delivered=row["delivered"],
        status=row["status"],
        error=row["error"],
    )
