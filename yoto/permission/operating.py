"""Operating the platform: maintenance, invalidation, positions."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from yoto import cache
from yoto.cache import ORIGIN, Position, TieredCache
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
from yoto.permission.outbox.positions import (
    DATABASE_ONLY,
    WriteReceipt,
    last_position,
    set_required,
    to_position,
)
from yoto.permission.outbox.watching import mark_dirty
from yoto.permission.people.numbers import SubjectId, actor_number, number_of
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


class Operating(MaintenanceSwitch):
    """Positions of changes, invalidation by hand, and status.

    Only invalidation waits for the end of maintenance. Errors that all calls share:

    Raises:
        RuntimeError: there is no app context, or the app has no permission system; for invalidation
            also: it has no cache.
    """

    def get_system_stats(self) -> dict[str, Any]:
        """The status of each of ``PARTS``, and of its rooms, in this process; no server is asked.

        None for a part that the app does not have; ``warm_up`` and ``maintenance`` also before the
        first warm-up, or reading.

        Raises:
            RuntimeError: there is no app context, or the app has no permission system.
        """
        state = get_state_in_maintenance()
        stats: dict[str, Any] = dict.fromkeys(PARTS)
        if state.caching is not None:
            cache = asdict(state.caching.cache.stats())
            stats["log"] = cache.pop("log") | {
                name: cache.pop(name) for name in ("applied", "silent_for", "fresh")
            }
            stats["cache"] = cache
            stats["outbox"] = asdict(state.caching.outbox.counts)
            maintenance = state.caching.maintenance
            if maintenance.known:
                stats["maintenance"] = {
                    "enabled": maintenance.holds,
                    "reason": maintenance.reason,
                }
        if state.records is not None:
            stats["records"] = dict(state.records.figures())
        return stats | {name: figure() for name, figure in state.figures.items()}

    def require_position(self, text: str, field: str = "at_least") -> None:
        """From now on every check in this context includes the change at a position.

        This process is given a moment to apply it. In vain, the context's checks read the database.

        Args:
            text: the position in a receipt or a response header.
            field: the name of ``text`` in errors.

        Raises:
            ValidationFailed: it is no position, or one that was never given out.
            StoreUnavailable: only the database knows, and it did not answer.
        """
        caching = get_state_in_maintenance().caching
        if caching is None:
            return
        position = to_position(text, caching.pool, field)
        if position > caching.cache.tailer.applied and position is not DATABASE_ONLY:
            try:
                if not caching.cache.reached(position):
                    position = DATABASE_ONLY
            except ValidationFailed as error:
                raise ValidationFailed({field: list(*error.errors.values())}) from None
        set_required(position)

    def require_database(self) -> None:
        """From now on every check in this context reads the database."""
        set_required(DATABASE_ONLY)

    def require_nothing(self) -> None:
        """From now on checks in this context may be as old as they may be anyway."""
        set_required(None)

    def last_position(self) -> str | None:
        """The position of the current session's last commit, to wait for; None: it has none."""
        return last_position()

    def find_position(self, text: str, field: str = "position") -> Position | None:
        """The position in the log that a receipt or a response header names.

        Returns:
            None: the log does not have the change yet.

        Raises:
            ValidationFailed: it is no position, or a token that was never given out. Whether the
                log has come to a position of its own yet is not asked.
            StoreUnavailable: only the database knows, and it did not answer.
        """
        caching = get_state_in_maintenance().caching
        found = (
            Position.parse(text, field)
            if caching is None
            else to_position(text, caching.pool, field)
        )
        return None if found == DATABASE_ONLY else found

    def known_position(self) -> str | None:
        """The newest position that this process has heard of; None: none yet."""
        caching = get_state_in_maintenance().caching
        known = ORIGIN if caching is None else caching.cache.tailer.known
        return None if known == ORIGIN else str(known)

    def committed_position(self) -> str | None:
        """A position that includes all that is committed by now, by any writer.

        None: there never was a change, or the database does not answer.
        """
        caching = get_state_in_maintenance().caching
        return None if caching is None else caching.outbox.covering()

    def invalidate_user_cache(self, user_id: SubjectId) -> WriteReceipt:
        """Invalidate one user's permissions everywhere. Writes do it automatically.

        Raises:
            ValidationFailed: the id is none.
            StoreUnavailable: Redis did not answer; only this process has forgotten.
        """
        user_id = number_of(user_id)
        return WriteReceipt(str(_cache().invalidate_user(user_id)))

    def invalidate_role_cache(self, role_id: int) -> WriteReceipt:
        """Invalidate everything that was made from a role. Writes do it automatically.

        Raises:
            ValidationFailed: the id is none.
            StoreUnavailable: Redis did not answer; only this process has forgotten.
        """
        checked_id(role_id, "role_id")
        return WriteReceipt(str(_cache().invalidate_role(role_id)))

    def invalidate_all(self) -> WriteReceipt:
        """Forget everything, everywhere.

        Raises:
            StoreUnavailable: Redis did not answer; only this process has forgotten.
        """
        return WriteReceipt(str(_cache().invalidate_all()))


def _cache() -> TieredCache:
    caching = get_state().caching
    if caching is None:
        raise RuntimeError("this app has no cache: give one to permissions.init_app")
    return caching.cache


PARTS = ("cache", "log", "outbox", "records", "maintenance")
