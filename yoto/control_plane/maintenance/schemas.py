"""What maintenance mode looks like to operators."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant

# What must be typed before everybody is turned away.
CONFIRMATION = "maintenance"


class MaintenanceSchema(ma.Schema):
    """Whether the platform is in maintenance."""

    enabled = Flag(required=True)
    reason = ma.fields.String(required=True, allow_none=True)
    until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it ends by itself; null: somebody must end it"},
    )
    changed_at = Instant(required=True, allow_none=True)
    changed_by = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The name of the account"}
    )
    version = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "As in `ETag`; null: turned, and not read back"},
    )


class TurnMaintenanceSchema(ActSchema):
    """Turning maintenance on or off; the reason is shown to everybody who is turned away."""

    enabled = Flag(required=True)
    until = Instant(load_default=None, allow_none=True)
    confirm = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": f"`{CONFIRMATION}`, to turn it on"},
    )

    @ma.validates_schema
    def is_meant(self, data: dict[str, Any], **options: Any) -> None:
        if data["enabled"] and data["confirm"] != CONFIRMATION:
            raise ma.ValidationError(f"Must be '{CONFIRMATION}'.", "confirm")
