"""The calls by which an application or its operators run the platform."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from yoto.cache import ORIGIN, Position, TieredCache
from yoto.errors import ValidationFailed
from yoto.permission.operating.maintenance import MaintenanceSwitch
from yoto.permission.outbox.positions import (
    DATABASE_ONLY,
    WriteReceipt,
    last_position,
    set_required,
    to_position,
)
from yoto.permission.people.numbers import SubjectId, number_of
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state, get_state_in_maintenance


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
