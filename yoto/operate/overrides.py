"""Overrides of the code: maintenance, changes of operators, and raised levels.

Only maintenance is read from the database; the rest is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypedDict
from urllib.parse import quote, urlencode

from yoto.auth.operators import VIEW
from yoto.errors import StoreUnavailable
from yoto.extensions import permissions
from yoto.http.operation import Subject
from yoto.moments import at_ms
from yoto.resilience import Change, Kind, Origin, ResilienceController, get_resilience_controller
from yoto.store.columns import utcnow

overrides = Subject("overrides", "/overrides", "What is not as usual, for operators", "override")


class MaintenanceNow(TypedDict):
    """Whether the permission platform is closed."""

    enabled: bool
    reason: str | None
    until: Annotated[datetime | None, "null: somebody must end it"]


class Override(TypedDict):
    """A value that an operator set over the code's."""

    kind: str
    name: str
    version: int
    values: dict[str, Any]
    author: str
    reason: str
    since: datetime
    expires_at: Annotated[datetime | None, "null: until it is undone"]
    where: Annotated[str, "Page below `/control/`, with what it shows, that ends it"]


class RaisedLevel(TypedDict):
    """A degradation that an alert or a program asks for."""

    source: str
    level: str
    feature: Annotated[str, "Empty: every feature"]
    expires_at: datetime
    shared: Annotated[bool, "False: only the worker that answers knows"]


class Overrides(TypedDict):
    """All active overrides."""

    maintenance: Annotated[MaintenanceNow | None, "null: unknown, the database is unavailable"]
    overrides: list[Override]
    raised: list[RaisedLevel]
    at: datetime


@overrides.operation("GET", "", VIEW)
def read_overrides() -> Overrides:
    """Active overrides"""
    controller = get_resilience_controller()
    return {
        "maintenance": _maintenance(),
        "overrides": [_shown(change) for change in set_by_operators(controller)],
        "raised": [
            {
                "source": one.source,
                "level": one.level.value,
                "feature": one.feature,
                "expires_at": at_ms(one.until),
                "shared": one.shared,
            }
            for one in controller.degradation.board.active()
        ],
        "at": utcnow(),
    }


def set_by_operators(controller: ResilienceController) -> Iterator[Change]:
    """Active changes of operators; those of alert thresholds are left out, as they do not affect
    requests."""
    for entry in controller.config.list(None):
        if entry.kind is not Kind.ALERT_RULE:
            yield from (layer for layer in entry.layers if layer.origin is Origin.OPERATOR)


def where_of(change: Change) -> str:
    """The page on which an operator can end the change, with its parameters."""
    if change.kind is Kind.TUNING:
        return "cache"
    if change.kind is Kind.LOG:
        return page_at("settings", part="log_level")
    if change.kind is Kind.ROLLOUT:
        return page_at("guards", guard=change.name)
    guard = Kind.CIRCUIT_BREAKER if change.kind is Kind.FORCED_BREAKER else change.kind
    return page_at("guards", guard=f"{guard.value}:{change.name}")


def page_at(page: str, **state: str) -> str:
    """The address of a page below ``/control/`` with its parameters."""
    return f"{page}?{urlencode(state, safe=':', quote_via=quote)}"


def _maintenance() -> MaintenanceNow | None:
    try:
        status = permissions.maintenance_status()
    except StoreUnavailable:
        return None
    return {"enabled": status.enabled, "reason": status.reason, "until": status.until}


def _shown(change: Change) -> Override:
    return {
        "kind": change.kind.value,
        "name": change.name,
        "version": change.version,
        "values": change.values or {},
        "author": change.author,
        "reason": change.reason,
        "since": at_ms(change.at),
        "expires_at": at_ms(change.expires_at) if change.expires_at else None,
        "where": where_of(change),
    }
