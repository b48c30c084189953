"""Gathers what is not as usual. Only maintenance asks the database; the rest is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from app.core.errors import StoreUnavailable
from app.core.resilience import (
    Change,
    Origin,
    ResilienceController,
    get_resilience_controller,
)
from app.db import utcnow
from app.extensions import permissions


def overrides() -> dict[str, Any]:
    """Maintenance, what operators set and for how long, and degradations that are asked for."""
    controller = get_resilience_controller()
    return {
        "maintenance": _maintenance(),
        "overrides": [_plain(change) for change in _set_by_operators(controller)],
        "raised": [
            {
                "source": one.source,
                "level": one.level.value,
                "feature": one.feature,
                "expires_at": _moment(one.until),
                "shared": one.shared,
            }
            for one in controller.degradation.board.active()
        ],
        "at": utcnow(),
    }


def _maintenance() -> dict[str, Any] | None:
    try:
        status = permissions.maintenance_status()
    except StoreUnavailable:
        return None
    return {"enabled": status.enabled, "reason": status.reason, "until": status.until}


def _set_by_operators(controller: ResilienceController) -> Iterator[Change]:
    for entry in controller.config.list(None):
        yield from (layer for layer in entry.layers if layer.origin is Origin.OPERATOR)


def _plain(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "name": change.name,
        "version": change.version,
        "values": change.values or {},
        "author": change.author,
        "reason": change.reason,
        "since": _moment(change.at),
        "expires_at": _moment(change.expires_at) if change.expires_at else None,
    }


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
