"""Gathers what is not as usual. Only maintenance asks the database; the rest is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from yoto.errors import StoreUnavailable
from yoto.extensions import permissions
from yoto.resilience import (
    Change,
    Kind,
    Origin,
    ResilienceController,
    get_resilience_controller,
)
from yoto.store.db import utcnow


def overrides() -> dict[str, Any]:
    """Maintenance, what operators set and for how long, and degradations that are asked for."""
    controller = get_resilience_controller()
    return {
        "maintenance": _maintenance(),
        "overrides": [_plain(change) for change in set_by_operators(controller)],
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


def set_by_operators(controller: ResilienceController) -> Iterator[Change]:
    """What operators set over the code and have not taken back."""
    for entry in controller.config.list(None):
        yield from (layer for layer in entry.layers if layer.origin is Origin.OPERATOR)


def where_of(change: Change) -> str:
    """The page, and the place on it, where what an operator set is ended."""
    if change.kind is Kind.TUNING:
        return "cache"
    if change.kind is Kind.LOG:
        return "settings#log_level"
    guard = Kind.CIRCUIT_BREAKER if change.kind is Kind.FORCED_BREAKER else change.kind
    return f"guards#{guard.value}:{change.name}"


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
        "where": where_of(change),
    }


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
