"""The calls that read and turn maintenance mode."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from yoto import cache
from yoto.errors import StoreUnavailable, ValidationFailed, VersionConflict
from yoto.permission.caching.maintenance import (
    NAME,
    STORED,
    SUBJECT,
    MaintenanceChanged,
    MaintenanceStatus,
    plain,
    status_of,
    version_of,
)
from yoto.permission.database.transactions import write
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.outbox.watching import mark_dirty
from yoto.permission.people.numbers import SubjectId, actor_number
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state, get_state_in_maintenance
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import PlatformSwitch, record_audit

REASON_MAX_LENGTH = 500
# Maintenance that takes longer is no maintenance, and its end was likely mistyped.
LONGEST = timedelta(days=30)

log = logging.getLogger(__name__)


class MaintenanceSwitch:
    """Reading and turning maintenance mode; both work in maintenance too.

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
        """The status, with its reason, its end, and the actor."""
        caching = get_state_in_maintenance().caching
        if caching is not None:
            return caching.maintenance.refresh()
        return status_of(db.session.execute(STORED).one_or_none(), time.time())

    def demand_service(self) -> None:
        """Go on only while there is no maintenance, as far as this process knows.

        Raises:
            MaintenanceMode: there is; it carries the reason, and when to come back.
        """
        get_state()

    def set_maintenance_mode(
        self,
        enabled: bool,
        reason: str | None = None,
        *,
        until: datetime | None = None,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        version: int | None = None,
    ) -> WriteReceipt:
        """Turn maintenance on or off; every worker knows within a second.

        Args:
            reason: shown to rejected clients.
            until: when it ends automatically, in every worker; None: an operator must end it.
            actor_id: the acting account, for the audit log.
            by: an actor without an account, such as ``cli:root``.
            version: the version of the status that the change was made from; None: any.

        Raises:
            ValidationFailed: ``enabled`` is no bool, the reason no text of at most 500 characters,
                or ``until`` no time with a zone within the next 30 days, or given for none.
            VersionConflict: another actor turned it meanwhile.
            StoreUnavailable: the database did not answer; nothing was changed.
        """
        actor_id = actor_number(actor_id)
        state = get_state_in_maintenance()
        if type(enabled) is not bool:
            raise ValidationFailed({"enabled": "must be true or false"})
        if reason is not None and (
            not isinstance(reason, str) or not 1 <= len(reason) <= REASON_MAX_LENGTH
        ):
            raise ValidationFailed(
                {"reason": f"must be a text of 1 to {REASON_MAX_LENGTH} characters"}
            )
        _check_end(until, enabled, state.clock())
        if actor_id is not None:
            checked_id(actor_id, "actor_id")
            by = f"user:{actor_id}"
        with write(True, {"enabled": "somebody else turned it at the same moment"}) as session:
            switch = session.scalar(
                select(PlatformSwitch).where(PlatformSwitch.name == NAME).with_for_update()
            )
            if switch is None:
                switch = PlatformSwitch(name=NAME, enabled=False)
                session.add(switch)
            present = version_of(switch.changed_at)
            if version is not None and version != present:
                raise VersionConflict(present, plain(switch))
            before = plain(switch)
            switch.enabled, switch.reason = enabled, reason if enabled else None
            switch.until = until
            switch.changed_by, switch.changed_at = actor_id, utcnow()
            record_audit(
                "maintenance.set",
                SUBJECT,
                by=by if actor_id is None else actor_id,
                before=before,
                after=plain(switch),
                reason=reason,
                session=session,
            )
            mark_dirty(session, cache.tags.POLICY)
        if state.caching is not None:
            try:
                state.caching.maintenance.refresh()
            except StoreUnavailable as error:
                # The change is committed: the caller must not get an error.
                log.warning("the switch that was just turned cannot be read: %s", error)
                state.caching.maintenance.believe(
                    MaintenanceStatus(
                        enabled, switch.reason, until, switch.changed_by, switch.changed_at
                    )
                )
            until_ms = None if until is None else round(until.timestamp() * 1000)
            state.caching.maintenance.publish(
                MaintenanceChanged(
                    enabled=enabled, reason=switch.reason, until_ms=until_ms, by=by or ""
                )
            )
        return WriteReceipt()


def _check_end(until: Any, enabled: bool, now: float) -> None:
    if until is None:
        return
    if not enabled:
        raise ValidationFailed({"until": "only maintenance that begins has an end"})
    if not isinstance(until, datetime) or until.utcoffset() is None:
        raise ValidationFailed({"until": "must be a time with a zone"})
    if (
        not 0
        < (until - datetime.fromtimestamp(now, UTC)).total_seconds()
        <= LONGEST.total_seconds()
    ):
        raise ValidationFailed({"until": f"must be within the next {LONGEST.days} days"})
