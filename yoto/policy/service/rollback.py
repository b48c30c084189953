"""Undoes a promotion after which denials jump."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from yoto.errors import PlatformError, VersionConflict
from yoto.policy.facts import PolicyRolledBack
from yoto.policy.service.loader import PolicyLoader
from yoto.policy.service.publishing import Publisher
from yoto.policy.service.serving import Probation
from yoto.policy.shadow import jumped

log = logging.getLogger(__name__)

AUTHOR = "system:deny-rate"
LOOK_SECONDS = 1.0


class RollbackWatcher:
    """Looks at the denials since a promotion from time to time."""

    def __init__(
        self,
        loader: PolicyLoader,
        publisher: Publisher,
        tell: Callable[[PolicyRolledBack], object],
        bound: float,
    ) -> None:
        """Nothing is watched yet.

        ``bound``: the highest rise of the share of denials, 0 to 1; ``tell`` publishes an event.
        """
        self._loader = loader
        self._publisher = publisher
        self._tell = tell
        self._bound = bound

    def work(self) -> float:
        """Look once; seconds until the next time."""
        newest = self._loader.serving.newest
        probation = newest.probation if newest is not None else None
        if probation is None or monotonic() >= probation.until:
            return LOOK_SECONDS
        if jumped(probation.before, probation.after.read(), self._bound):
            self._undo(probation)
        return LOOK_SECONDS

    def _undo(self, probation: Probation) -> None:
        before, after = probation.before.share or 0.0, probation.after.read().share or 0.0
        why = f"denials rose from {before:.0%} to {after:.0%} with version {probation.version}"
        try:
            if probation.fallback is None:
                self._publisher.put(
                    [],
                    AUTHOR,
                    why,
                    version=probation.version,
                    removed=[(probation.kind, probation.name)],
                )
            else:
                self._publisher.rollback(
                    probation.kind,
                    probation.name,
                    probation.fallback,
                    AUTHOR,
                    why,
                    version=probation.version,
                )
        except VersionConflict:
            return  # it was changed already, perhaps by another process for the same reason
        except PlatformError as error:
            log.error("%s '%s' could not be rolled back: %s", why, probation.name, error)
            return
        log.error("'%s' was rolled back: %s", probation.name, why)
        self._tell(
            PolicyRolledBack(
                name=probation.name,
                version=probation.version,
                share_before=before,
                share_after=after,
            )
        )
