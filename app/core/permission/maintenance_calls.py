"""The calls that read and turn maintenance mode."""

from __future__ import annotations

from sqlalchemy import select

from app.core import cache
from app.core.errors import ValidationFailed
from app.core.permission.audit import record_audit
from app.core.permission.maintenance import NAME, STORED, MaintenanceStatus
from app.core.permission.maintenance_facts import tell_maintenance
from app.core.permission.outbox.watching import touch
from app.core.permission.receipt import WriteReceipt
from app.core.permission.scopes import checked_id
from app.core.permission.state import get_state_in_maintenance
from app.core.permission.transactions import write
from app.db import db, utcnow
from app.models import PlatformSwitch

REASON_MAX_LENGTH = 500


class MaintenanceCalls:
    """The part of ``PermissionSystem`` that works in maintenance too.

    Checks of ``platform.*`` permissions by decorators do as well, so that operators reach the
    switch: no process can lock itself out.
    """

    def is_maintenance_mode_enabled(self) -> bool:
        """Whether the platform is in maintenance, as the database says now.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        return self.maintenance_status().enabled

    def maintenance_status(self) -> MaintenanceStatus:
        """The same with the reason."""
        caching = get_state_in_maintenance().caching
        if caching is not None:
            return caching.maintenance.refresh()
        row = db.session.execute(STORED).one_or_none()
        return MaintenanceStatus(*row) if row is not None else MaintenanceStatus(False)

    def set_maintenance_mode(
        self, enabled: bool, reason: str | None = None, *, actor_id: int | None = None
    ) -> WriteReceipt:
        """Turn maintenance on or off; every worker knows within a second.

        Args:
            reason: shown to everybody who is turned away.
            actor_id: who does it, for the audit log.

        Raises:
            ValidationFailed: ``enabled`` is no bool, or the reason no text of at most 500
                characters.
            StoreUnavailable: the database did not answer; nothing was changed.
        """
        state = get_state_in_maintenance()
        if type(enabled) is not bool:
            raise ValidationFailed({"enabled": "must be true or false"})
        if reason is not None and (
            not isinstance(reason, str) or not 1 <= len(reason) <= REASON_MAX_LENGTH
        ):
            raise ValidationFailed(
                {"reason": f"must be a text of 1 to {REASON_MAX_LENGTH} characters"}
            )
        if actor_id is not None:
            checked_id(actor_id, "actor_id")
        with write(True, {"enabled": "somebody else turned it at the same moment"}) as session:
            switch = session.scalar(
                select(PlatformSwitch).where(PlatformSwitch.name == NAME).with_for_update()
            )
            if switch is None:
                switch = PlatformSwitch(name=NAME, enabled=False)
                session.add(switch)
            before = {"enabled": switch.enabled, "reason": switch.reason}
            switch.enabled, switch.reason = enabled, reason if enabled else None
            switch.changed_by, switch.changed_at = actor_id, utcnow()
            record_audit(
                session,
                "maintenance.set",
                f"switch:{NAME}",
                actor_id=actor_id,
                before=before,
                after={"enabled": enabled, "reason": switch.reason},
                reason=reason,
            )
            touch(session, cache.subjects.POLICY)
        if state.caching is not None:
            state.caching.maintenance.refresh()
        tell_maintenance(MaintenanceStatus(enabled, reason if enabled else None), actor_id)
        return WriteReceipt()
