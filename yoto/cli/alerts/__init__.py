"""``flask alerts``: see alerts, and say who takes care of them, what is silent and who is told."""

from __future__ import annotations

from .group import alerts
from .rules import add_rules
from .webhooks import add_webhooks

__all__ = ["alerts"]

add_rules(alerts)
add_webhooks(alerts)
