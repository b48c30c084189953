"""Maintenance mode as operators see and turn it. The switch itself audits what is done to it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from yoto.extensions import permissions
from yoto.store.db import db, utcnow
from yoto.store.models import User, account_of
from yoto.wiring import STORE_FAILURES

log = logging.getLogger(__name__)


def state() -> dict[str, Any]:
    """Whether there is maintenance, as the database says now.

    Raises:
        StoreUnavailable: it did not answer.
    """
    status = permissions.maintenance_status()
    return {
        "enabled": status.enabled,
        "reason": status.reason,
        "until": status.until,
        "changed_at": status.changed_at,
        "changed_by": _name_of(status.changed_by),
        "version": status.version,
    }


def turn(
    enabled: bool, *, until: datetime | None, by: str, reason: str, version: int | None = None
) -> dict[str, Any]:
    """Turn it on or off in every worker; raises as ``set_maintenance_mode``."""
    actor_id = account_of(by)
    turned_by = _name_of(actor_id)
    permissions.set_maintenance_mode(
        enabled, reason, until=until, actor_id=actor_id, by=by, version=version
    )
    try:
        return state()
    except STORE_FAILURES as error:
        log.warning("maintenance was turned, and cannot be read back: %s", error)
        return {
            "enabled": enabled,
            "reason": reason if enabled else None,
            "until": until,
            "changed_at": utcnow(),
            "changed_by": turned_by,
            "version": None,
        }


def _name_of(user_id: int | None) -> str | None:
    user = None if user_id is None else db.session.get(User, user_id)
    return None if user is None else user.username
