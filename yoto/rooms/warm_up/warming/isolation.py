"""Runs a step so that neither an error nor a hang of it reaches the others."""

from __future__ import annotations

import logging
import threading
from time import monotonic

from flask import Flask

from yoto.errors import PlatformError
from yoto.rooms.warm_up.preloading.filling import Progress
from yoto.rooms.warm_up.warming.report import StepReport
from yoto.rooms.warm_up.warming.steps import Outcome, Step

log = logging.getLogger(__name__)

# s for a step to end after it was asked to.
GRACE = 0.5


class IsolatedStep:
    """One step of one application, in a thread of its own each time.

    A thread cannot be ended from outside. One that hangs is left alone, and while it does, the step
    is not begun again: hanging runs never pile up.
    """

    def __init__(self, app: Flask, name: str, step: Step) -> None:
        self._app = app
        self._name = name
        self._step = step
        self._thread: threading.Thread | None = None

    def run(self, limit: float, progress: Progress, stop: threading.Event) -> StepReport:
        """Run it for at most ``limit`` seconds, or until ``stop`` is set."""
        began = monotonic()
        if self._thread is not None and self._thread.is_alive():
            return StepReport(False, 0.0, {}, "the last run of it still hangs")
        over, done = threading.Event(), threading.Event()
        outcomes: list[Outcome] = []

        def work() -> None:
            try:
                with self._app.app_context():
                    outcomes.append(self._step(progress, over))
            except PlatformError as error:
                outcomes.append(Outcome({}, str(error)))
            except Exception as error:
                log.exception("the step '%s' of the warm-up failed", self._name)
                outcomes.append(Outcome({}, f"{type(error).__name__}: {error}"))
            finally:
                done.set()

        self._thread = threading.Thread(target=work, name=f"yoto-{self._name}", daemon=True)
        self._thread.start()
        ended = _wait(done, stop, limit)
        over.set()
        if not ended:
            done.wait(GRACE)
        took = monotonic() - began
        if not outcomes:
            return StepReport(False, took, {}, f"no end after {took:.1f} s")
        details, error = outcomes[0]
        return StepReport(error is None, took, details, error)


def _wait(done: threading.Event, stop: threading.Event, limit: float) -> bool:
    """Wait for ``done``; False when ``stop`` or the limit came first."""
    deadline = monotonic() + limit
    # Two events cannot be waited for at once; a tenth of a second does not matter here.
    while not done.wait(0.1):
        if stop.is_set() or monotonic() >= deadline:
            return False
    return True
