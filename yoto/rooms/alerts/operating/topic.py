"""The topic of alerts, which sockets of the control plane follow."""

from __future__ import annotations

from typing import Any

import msgspec

from yoto.operate.live.filters import TypeFilter

from ..extension import alerts
from ..records import AlertFilter

# Alerts that a snapshot holds at most; the list of all has pages.
MOST_ALERTS = 100


def _open_alerts() -> dict[str, Any]:
    page = alerts.service.list(AlertFilter(open=True), limit=MOST_ALERTS)
    return {"items": [_in_ms(msgspec.to_builtins(one)) for one in page.items], "next": page.next}


def _in_ms(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its moments changed from s to ms, as everywhere in sockets."""
    return {
        name: round(value * 1000) if name.endswith("_at") and value is not None else value
        for name, value in record.items()
    }


TOPICS = {"alerts": ("alert", TypeFilter(["alert.*"]), _open_alerts)}
