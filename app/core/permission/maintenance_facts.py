"""What is told when maintenance begins or ends."""

from __future__ import annotations

from flask import current_app

from app.core.events import Event, Events, event_type
from app.core.permission.maintenance import MaintenanceStatus


@event_type("maintenance.changed")
class MaintenanceChanged(Event, frozen=True, kw_only=True):
    """Somebody turned maintenance on or off.

    Attributes:
        enabled: what it is now.
        reason: shown to everybody who is turned away.
        by: ``user:42``; empty: nobody's account.
    """

    enabled: bool
    reason: str | None = None
    by: str = ""


def tell_maintenance(status: MaintenanceStatus, actor_id: int | None) -> None:
    """Tell the event stream of the current application. It is done, whether or not that works;
    workers hear of it by the invalidation log.
    """
    by = "" if actor_id is None else f"user:{actor_id}"
    event = MaintenanceChanged(enabled=status.enabled, reason=status.reason, by=by)
    Events.of(current_app._get_current_object()).stream.publish(event)  # type: ignore[attr-defined]
