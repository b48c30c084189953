"""Maintenance mode: closing the platform for a while. The switch audits its own changes."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated, Any, TypedDict

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.http.operation import Author, Command, Reason, SeenVersion, Subject, Until
from yoto.moments import moment
from yoto.persistence import STORE_FAILURES
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import User, account_of

log = logging.getLogger(__name__)

# The word that must be typed before users are turned away.
CONFIRMATION = "maintenance"

maintenance = Subject(
    "maintenance",
    "/maintenance",
    "Closing the platform for a while",
    "switch",
    "control maintenance",
    "Close the platform for a while.",
)


class Maintenance(TypedDict):
    """Whether the platform is in maintenance."""

    enabled: bool
    reason: str | None
    until: Annotated[datetime | None, "When it ends by itself; null: somebody must end it"]
    changed_at: datetime | None
    changed_by: Annotated[str | None, "The name of the account"]
    version: Annotated[int | None, "As in `ETag`; null: turned, and not read back"]


def _shown(found: Maintenance, **given: Any) -> list[str]:
    if not found["enabled"]:
        return ["The platform is open."]
    until = "until somebody ends it" if found["until"] is None else moment(found["until"])
    by = f", by {found['changed_by']}" if found["changed_by"] else ""
    return [f"The platform is in maintenance, {until}{by}: {found['reason']}"]


@maintenance.operation(
    "GET",
    "/mode",
    VIEW,
    Command("show", _shown, "Show whether the platform is in maintenance."),
    tagged=True,
)
def read_maintenance_mode() -> Maintenance:
    """Whether the platform is in maintenance"""
    status = permissions.maintenance_status()
    return {
        "enabled": status.enabled,
        "reason": status.reason,
        "until": status.until,
        "changed_at": status.changed_at,
        "changed_by": _name_of(status.changed_by),
        "version": status.version,
    }


@maintenance.operation(
    "PUT",
    "/mode",
    OPERATE,
    Command(
        "on",
        _shown,
        "Turn everybody away but operators; the reason is shown to them.",
        {"enabled": True, "confirm": CONFIRMATION},
    ),
    Command(
        "off", _shown, "Let everybody in again.", {"enabled": False, "until": None, "confirm": None}
    ),
    body="TurnMaintenance",
    tagged=True,
)
def turn_maintenance_mode(
    enabled: bool,
    reason: Reason,
    by: Author,
    until: Until = None,
    confirm: Annotated[str | None, f"`{CONFIRMATION}`, to turn it on"] = None,
    version: SeenVersion = None,
) -> Maintenance:
    """Turn users away from the product, or admit them again; the reason is shown to them"""
    if enabled and confirm != CONFIRMATION:
        raise ValidationFailed({"confirm": f"Must be '{CONFIRMATION}'."})
    actor_id = account_of(by)
    turned_by = _name_of(actor_id)
    permissions.set_maintenance_mode(
        enabled, reason, until=until, actor_id=actor_id, by=by, version=version
    )
    try:
        return read_maintenance_mode()
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
