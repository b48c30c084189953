"""What a new installation needs so that alerts reach somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yoto.api.admin import audit

from ..extension import alerts


def _has_webhook() -> bool:
    return bool(alerts.webhooks.list())


def _reached_somebody() -> bool:
    """Whether a receiver ever accepted a message; sending alone shows nothing."""
    found = audit.records(
        after=None, limit=1, since=None, until=None, action_prefix="alert.webhook.reached"
    )
    return bool(found.items)


FIRST_STEPS: Mapping[str, tuple[str, Callable[[], bool]]] = {
    "webhook": ("a webhook, so that alerts reach somebody", _has_webhook),
    "alert_test": ("a test of the webhook, to see that they do", _reached_somebody),
}
