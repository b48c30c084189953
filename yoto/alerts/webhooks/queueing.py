"""Puts messages for webhooks into the store, in the transaction of the change they announce."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from yoto.monitor import Level

from ..facts import AlertEvent
from ..notices import concerns
from ..tables import AlertRows


def body_of(kind: str, data: Any, now: float) -> str:
    """The JSON text of a message: ``type``, ``timestamp`` and ``data``."""
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    message = {"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data}
    return msgspec.json.encode(message).decode()


def queue_event(rows: AlertRows, event: AlertEvent, old: Level | None, new: Level | None) -> int:
    """A message to each webhook that such a step concerns; how many."""
    body = body_of(event.type, event, rows.now)
    concerned = [one for one in rows.webhooks() if concerns(one, old, new)]
    for webhook in concerned:
        rows.add_delivery(webhook.id, event.type, body)
    return len(concerned)
