"""Operators' actions on webhooks: add, list, test, remove. Each is recorded."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from yoto.audit import AuditEntry
from yoto.checks import NAMED, check_author
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.moments import Epoch
from yoto.monitor.alert_rules import Level
from yoto.rules import Errors, OneOf, check, refuse

from ..notices import body_of
from ..records import Delivery, Webhook
from ..tables import AlertRows, AlertStore
from .addresses import LeadsInside, Unresolved, WebhookTarget, resolve, shown_url, target_of
from .sending import Outcome, Sender
from .signing import new_secret

log = logging.getLogger(__name__)

MOST_WEBHOOKS = 20
DELIVERIES_SHOWN = 50
TEST_EVENT = "alert.test"


@dataclass(frozen=True, kw_only=True)
class ShownWebhook:
    """A webhook as it may be shown: without its secret, and with only the host of its address."""

    id: int
    name: str
    url: str
    min_level: Level
    access_requests: Annotated[bool, "Whether access requests are sent, too"]
    created_by: str
    created_at: Epoch
    failures: Annotated[int, "Failed tries since the last that did not fail"]
    waiting: Annotated[int, f"Messages that wait; {DELIVERIES_SHOWN}: that many or more"]


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook that was just added, with its secret, which is never shown again."""

    webhook: ShownWebhook
    secret: str = field(repr=False)


class WebhookService:
    """Webhooks of one application. Methods raise ``StoreUnavailable`` without the store."""

    def __init__(self, store: AlertStore, sender: Sender) -> None:
        self._store = store
        self._sender = sender

    def list(self) -> list[ShownWebhook]:
        """Webhooks in use, oldest first."""
        with self._store.reading() as rows:
            return [_shown(rows, webhook) for webhook in rows.webhooks()]

    def add(
        self,
        name: str,
        url: str,
        *,
        by: str,
        reason: str = "",
        min_level: Level | str = Level.WARNING,
        access_requests: bool = False,
    ) -> NewWebhook:
        """Send alerts to ``url`` from now on.

        Args:
            name: for people; no other webhook has it.
            min_level: alerts that never reached it are not sent.
            access_requests: whether steps of access requests are sent, too.

        Raises:
            ValidationFailed: a bad value, or too many webhooks.
        """
        errors: Errors = {}
        check(errors, "name", name, NAMED)
        check(errors, "min_level", min_level, OneOf(Level))
        refuse(errors)
        self._refuse_inside(target_of(url, self._sender.settings.allow_internal))
        check_author(by, reason)
        secret = new_secret()
        with self._store.writing() as rows:
            known = rows.webhooks()
            if any(webhook.name == name for webhook in known):
                raise ValidationFailed({"name": f"there is a webhook '{name}'"})
            if len(known) >= MOST_WEBHOOKS:
                raise ValidationFailed({"name": f"there are {MOST_WEBHOOKS} webhooks"})
            webhook = rows.add_webhook(name, url, secret, Level(min_level), by, access_requests)
            self._record(rows, "add", webhook, by, reason)
            shown = _shown(rows, webhook)
        return NewWebhook(shown, secret)

    def _refuse_inside(self, target: WebhookTarget) -> None:
        """Refuse an internal address when it is entered, not at the first alert.

        Each message checks again, since a name may resolve to another address later, and an unknown
        name may be known by then.
        """
        settings = self._sender.settings
        if settings.allow_internal:
            return
        try:
            resolve(target.host, target.port, False, settings.timeout)
        except LeadsInside as error:
            raise ValidationFailed({"url": str(error)}) from None
        except (Unresolved, TimeoutError):
            return

    def remove(self, webhook_id: int, *, by: str, reason: str = "") -> None:
        """Send nothing there any more; waiting messages are given up.

        Raises:
            UnknownResource: there is none.
        """
        check_author(by, reason)
        with self._store.writing() as rows:
            webhook = _found(rows, webhook_id, locked=True)
            rows.remove_webhook(webhook_id)
            self._record(rows, "remove", webhook, by, reason)

    def rotate(self, webhook_id: int, *, by: str, reason: str = "") -> NewWebhook:
        """Sign with a new secret, and until ``settle`` with the previous one as well.

        Raises:
            UnknownResource: there is none.
            ValidationFailed: its secrets cannot be read.
        """
        check_author(by, reason)
        secret = new_secret()
        with self._store.writing() as rows:
            webhook = _found(rows, webhook_id, locked=True)
            rows.replace_secret(webhook_id, f"{secret} {_newest(webhook)}")
            self._record(rows, "rotate", webhook, by, reason)
            return NewWebhook(_shown(rows, webhook), secret)

    def settle(self, webhook_id: int, *, by: str, reason: str = "") -> None:
        """Sign with the newest secret alone.

        Raises: as ``rotate``.
        """
        check_author(by, reason)
        with self._store.writing() as rows:
            webhook = _found(rows, webhook_id, locked=True)
            rows.replace_secret(webhook_id, _newest(webhook))
            self._record(rows, "settle", webhook, by, reason)

    def test(self, webhook_id: int, *, by: str, reason: str = "") -> Outcome:
        """Send a message of the type ``alert.test`` now, and wait for its outcome.

        An accepted test is recorded, too, since only that shows that alerts reach somebody.

        Raises:
            UnknownResource: there is none.
        """
        check_author(by, reason)
        with self._store.writing() as rows:
            webhook = _found(rows, webhook_id)
            self._record(rows, "test", webhook, by, reason)
            body = body_of(TEST_EVENT, {"webhook": webhook.name, "by": by}, rows.now)
        message_id = f"test_{secrets.token_hex(8)}"
        outcome = self._sender.send(webhook.url, webhook.secret, message_id, body)
        if outcome.delivered:
            self._note_reached(webhook, by, reason)
        return outcome

    def _note_reached(self, webhook: Webhook, by: str, reason: str) -> None:
        """Record that a test was accepted; a failure to record it does not change the outcome."""
        try:
            with self._store.writing() as rows:
                self._record(rows, "reached", webhook, by, reason)
        except StoreUnavailable as error:
            log.warning("that a test reached %s is not recorded: %s", webhook.name, error)

    def deliveries(
        self, webhook_id: int, after: int | None = None, limit: int = DELIVERIES_SHOWN
    ) -> Sequence[Delivery]:
        """The latest messages, newest first, with their outcomes.

        Args:
            after: begin after the message of this id.

        Raises:
            UnknownResource: there is no such webhook.
        """
        with self._store.reading() as rows:
            _found(rows, webhook_id)
            return rows.deliveries(webhook_id, limit, after)

    def _record(self, rows: AlertRows, act: str, webhook: Webhook, by: str, reason: str) -> None:
        about = {"name": webhook.name, "url": shown_url(webhook.url)}
        rows.audit(
            AuditEntry(
                action=f"alert.webhook.{act}",
                subject=f"alert_webhook:{webhook.id}",
                by=by,
                reason=reason,
                before={} if act == "add" else about,
                after={} if act == "remove" else about,
            )
        )


def _found(rows: AlertRows, webhook_id: int, locked: bool = False) -> Webhook:
    webhook = rows.webhook(webhook_id, locked)
    if webhook is None:
        raise UnknownResource("webhook", webhook_id)
    return webhook


def _newest(webhook: Webhook) -> str:
    if not webhook.secret:
        raise ValidationFailed({"webhook_id": "was sealed with another SECRET_KEY"})
    return webhook.secret.split()[0]


def _shown(rows: AlertRows, webhook: Webhook) -> ShownWebhook:
    return ShownWebhook(
        id=webhook.id,
        name=webhook.name,
        url=shown_url(webhook.url),
        min_level=webhook.min_level,
        access_requests=webhook.access_requests,
        created_by=webhook.created_by,
        created_at=webhook.created_at,
        failures=webhook.failures,
        waiting=len(rows.waiting(webhook.id, DELIVERIES_SHOWN)),
    )
