"""The steps of a warm-up: each alone, so that neither an error nor a hang reaches the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from flask import Flask

from yoto.errors import PlatformError
from yoto.events import Event
from yoto.rooms.warm_up.preloading import Preloading
from yoto.rooms.warm_up.preloading.filling import Progress
from yoto.rooms.warm_up.warming.report import StepReport

OK = "ok"


class ComponentState(NamedTuple):
    """The state of a component.

    Attributes:
        name: the component's name, such as ``redis``.
        state: ``"ok"``, ``"failed"`` or ``"unknown"``; only the first is good.
        detail: a sentence about it.
    """

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class WarmUpParts:
    """The parts that not every application has.

    Attributes:
        more: further steps by name, each describes what it did; an error is a failure.
        components: examines every component.
        publish: publishes an event.
        limit: the longest time of a step, in seconds.
    """

    more: Mapping[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    components: Callable[[], Sequence[ComponentState]] | None = None
    publish: Callable[[Event], object] | None = None
    limit: float = 60.0


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


class Outcome(NamedTuple):
    """The result of a step; ``error``: why it is incomplete."""

    details: Mapping[str, Any]
    error: str | None = None


# A step gets a progress callback, and an event that is set when it must end.
Step = Callable[[Progress, threading.Event], Outcome]


def cache_step(preloading: Preloading | None) -> Step:
    """Bring hot entries into the cache. Without any, nothing is loaded, and the report says so."""

    def warm(progress: Progress, stop: threading.Event) -> Outcome:
        if preloading is None or not preloading.hot.settings.enabled:
            return Outcome({}, "hot entries are not counted in this application")
        report = preloading.run(progress, stop)
        details = {**asdict(report), "loaded": report.loaded}
        error = "it was stopped" if report.ended == "stopped" else None
        return Outcome(details, error)

    return warm


def further_step(work: Callable[[], Mapping[str, Any]]) -> Step:
    """A step that does the work of another part of the application."""
    return lambda progress, stop: Outcome(work())


def system_step(parts: WarmUpParts) -> Step:
    """Check every component; one that is not known to work does not count as working."""

    def look(progress: Progress, stop: threading.Event) -> Outcome:
        if parts.components is None:
            return Outcome({}, "the state of the components is unknown")
        found = parts.components()
        progress(len(found), len(found))
        details = {one.name: {"state": one.state, "detail": one.detail} for one in found}
        bad = [f"{one.name} is {one.state} ({one.detail})" for one in found if one.state != OK]
        if not found:
            return Outcome(details, "there was no component to look at")
        return Outcome(details, "; ".join(bad) or None)

    return look
