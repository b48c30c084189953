"""Undoes a promotion after which denials jump."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from yoto.errors import PlatformError, VersionConflict
from yoto.rooms.policies.facts import PolicyRolledBack
from yoto.rooms.policies.service.loader import PolicyLoader
from yoto.rooms.policies.service.publishing import Publisher
from yoto.rooms.policies.service.serving import RollbackWatch, jumped

log = logging.getLogger(__name__)

AUTHOR = "system:deny-rate"
LOOK_SECONDS = 1.0


class RollbackWatcher:
    """Looks at the denials since a promotion from time to time."""

    def __init__(
        self,
        loader: PolicyLoader,
        publisher: Publisher,
        publish: Callable[[PolicyRolledBack], object],
        bound: float,
    ) -> None:
        """Nothing is watched yet.

        ``bound``: the highest rise of the share of denials, 0 to 1; ``publish`` publishes an event.
        """
        self._loader = loader
        self._publisher = publisher
        self._publish = publish
        self._bound = bound

    def work(self) -> float:
        """Look once; seconds until the next time."""
        newest = self._loader.serving.newest
        rollback_watch = newest.rollback_watch if newest is not None else None
        if rollback_watch is None or monotonic() >= rollback_watch.until:
            return LOOK_SECONDS
        if jumped(rollback_watch.before, rollback_watch.after.read(), self._bound):
            self._roll_back(rollback_watch)
        return LOOK_SECONDS

    def _roll_back(self, rollback_watch: RollbackWatch) -> None:
        before, after = rollback_watch.before.share or 0.0, rollback_watch.after.read().share or 0.0
        why = f"denials rose from {before:.0%} to {after:.0%} with version {rollback_watch.version}"
        try:
            if rollback_watch.fallback is None:
                self._publisher.put(
                    [],
                    AUTHOR,
                    why,
                    version=rollback_watch.version,
                    removed=[(rollback_watch.kind, rollback_watch.name)],
                )
            else:
                self._publisher.rollback(
                    rollback_watch.kind,
                    rollback_watch.name,
                    rollback_watch.fallback,
                    AUTHOR,
                    why,
                    version=rollback_watch.version,
                )
        except VersionConflict:
            return  # it was changed already, perhaps by another process for the same reason
        except PlatformError as error:
            log.error("%s '%s' could not be rolled back: %s", why, rollback_watch.name, error)
            return
        log.error("'%s' was rolled back: %s", rollback_watch.name, why)
        self._publish(
            PolicyRolledBack(
                name=rollback_watch.name,
                version=rollback_watch.version,
                share_before=before,
                share_after=after,
            )
        )
