"""Maintenance mode as operators see and turn it. The switch itself audits what is done to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.db import db
from app.extensions import permissions
from app.models import User, account_of


def state() -> dict[str, Any]:
    """Whether there is maintenance, as the database says now.

    Raises:
        StoreUnavailable: it did not answer.
    """
    status = permissions.maintenance_status()
    turned_by = None if status.changed_by is None else db.session.get(User, status.changed_by)
    return {
        "enabled": status.enabled,
        "reason": status.reason,
        "until": status.until,
        "changed_at": status.changed_at,
        "changed_by": None if turned_by is None else turned_by.username,
    }


def turn(enabled: bool, *, until: datetime | None, by: str, reason: str) -> dict[str, Any]:
    """Turn it on or off in every worker; raises as ``set_maintenance_mode``."""
    permissions.set_maintenance_mode(enabled, reason, until=until, actor_id=account_of(by), by=by)
    return state()
