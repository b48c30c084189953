"""Calls to warm up, and to list hot entries."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.permission.people.keys import SubjectId, number_of
from yoto.permission.preloading import Preloading, PreloadReport, PreloadStats
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state_in_maintenance
from yoto.permission.warming import WarmUpReport
from yoto.permission.warming.telling import StepProgress


class WarmUpCalls:
    """The part of ``PermissionSystem`` that fills the cache ahead of requests.

    It works in maintenance too: its end is what one warms up for. Errors that all calls share:

    Raises:
        RuntimeError: there is no app context, or the app has no permission system; for what is
            preloaded also: it has no cache, or counts nothing.
    """

    def warm_up(
        self, background: bool = False, progress: StepProgress | None = None
    ) -> WarmUpReport:
        """Bring what is hot into the cache, history into the forecaster, look at each component.

        Args:
            background: return at once; the report fills, and ``report.wait(timeout)`` waits.
            progress: called with a step's name, how much of it is done, and of how much.

        Returns:
            What was done. A step that failed is in its ``errors`` and leaves the others alone.

        Raises:
            AlreadyRunning: a warm-up goes on in this process.
        """
        warming = get_state_in_maintenance().warming
        if warming is None:
            raise RuntimeError("this app has no warm-up: give 'warm_up' to permissions.init_app")
        return warming.run_in_background(progress) if background else warming.run(progress)

    def latest_warm_up(self) -> WarmUpReport | None:
        """The warm-up that goes on in this process, or its last one; None: there was none."""
        warming = get_state_in_maintenance().warming
        return None if warming is None else warming.latest

    def preload_users(self, user_ids: Iterable[SubjectId]) -> PreloadReport:
        """Bring the entries of users in their hot places into the cache.

        Raises:
            ValidationFailed: an id is none.
            StoreUnavailable: Redis or the database did not answer.
        """
        return get_preloading().users([number_of(one) for one in user_ids])

    def preload_role(self, role_id: int) -> PreloadReport:
        """Bring the hot entries that a role takes part in into the cache.

        Raises:
            ValidationFailed: the id is none.
            UnknownResource: there is no such role.
            StoreUnavailable: Redis or the database did not answer.
        """
        return get_preloading().role(checked_id(role_id, "role_id"))

    def preload_stats(self) -> PreloadStats:
        """The entries that this process has preloaded, and their use."""
        return get_preloading().stats()


def get_preloading() -> Preloading:
    """The preloading of the current app.

    Raises:
        RuntimeError: there is no app context, or the app has none.
    """
    preloading = get_state_in_maintenance().preloading
    if preloading is None:
        raise RuntimeError("this app preloads nothing: give 'cache', 'locks' and 'hot' to init_app")
    return preloading
