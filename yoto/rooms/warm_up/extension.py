"""The warm-up of an application: what ``permissions.warm_up`` offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask, current_app

from yoto.permission import checked_id, number_of

from .preloading import Preloading, PreloadReport, PreloadStats
from .warming import WarmUp, WarmUpReport
from .warming.report import StepProgress

EXTENSION = "yoto.warm_up"


@dataclass(frozen=True, slots=True)
class Warming:
    """Works in maintenance, too: a warm-up prepares for its end.

    Attributes:
        preloading: fills the cache ahead of requests.
        steps: runs the steps of a warm-up.
    """

    preloading: Preloading
    steps: WarmUp

    def run(self, background: bool = False, progress: StepProgress | None = None) -> WarmUpReport:
        """Bring hot entries into the cache, let rooms learn, and check each component.

        Args:
            background: return at once; the report fills, and ``report.wait(timeout)`` waits.
            progress: called with a step's name, how much of it is done, and of how much.

        Returns:
            The report. A step that failed is in its ``errors`` and leaves the others alone.

        Raises:
            AlreadyRunning: a warm-up is running in this process.
        """
        return self.steps.run_in_background(progress) if background else self.steps.run(progress)

    @property
    def latest(self) -> WarmUpReport | None:
        """The warm-up that is running in this process, or its last one; None: there was none."""
        return self.steps.latest

    def preload_users(self, user_ids: Iterable[int | str]) -> PreloadReport:
        """Bring the entries of users in their hot places into the cache.

        Raises:
            ValidationFailed: an id is none.
            StoreUnavailable: Redis or the database did not answer.
        """
        return self.preloading.users([number_of(one) for one in user_ids])

    def preload_role(self, role_id: int) -> PreloadReport:
        """Bring the hot entries that a role takes part in into the cache.

        Raises:
            ValidationFailed: the id is none.
            UnknownResource: there is no such role.
            StoreUnavailable: Redis or the database did not answer.
        """
        return self.preloading.role(checked_id(role_id, "role_id"))

    def preload_stats(self) -> PreloadStats:
        """The entries that this process has preloaded, and their use."""
        return self.preloading.stats()


def warming_of(app: Flask) -> Warming:
    """The warm-up that ``wiring`` made for ``app``."""
    found: Warming = app.extensions[EXTENSION]
    return found


def current_warming() -> Warming:
    """The warm-up of the current application."""
    return warming_of(current_app._get_current_object())  # type: ignore[attr-defined]
