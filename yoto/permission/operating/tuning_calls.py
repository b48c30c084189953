"""Calls for the platform's status and tuning suggestions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yoto.permission.state import get_state_in_maintenance

if TYPE_CHECKING:
    from yoto.monitor import Suggestion

PARTS = ("cache", "log", "outbox", "records", "preload", "warm_up", "maintenance")


class TuningCalls:
    """The part of ``PermissionSystem`` that says how it is. It works in maintenance too."""

    def get_optimization_suggestions(self) -> list[Suggestion]:
        """Tuning suggestions from measurements in the whole fleet; the surest first.

        Raises:
            RuntimeError: there is no app context, or the app has no tuner.
            StoreUnavailable: the measurements, or the settings in force, are unavailable.
        """
        suggest = get_state_in_maintenance().suggest
        if suggest is None:
            raise RuntimeError("this app tunes nothing: give 'suggest' to permissions.init_app")
        return suggest()

    def get_system_stats(self) -> dict[str, Any]:
        """The status of each of ``PARTS`` in this process; no server is asked.

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
            writer = state.records.writer
            stats["records"] = {
                "stored": writer.stored,
                "dropped": writer.dropped,
                "waiting": writer.waiting,
            }
        if state.preloading is not None:
            stats["preload"] = asdict(state.preloading.stats())
        if state.warming is not None and state.warming.latest is not None:
            stats["warm_up"] = state.warming.latest.to_plain()
        return stats
