"""Health checks of components, each with its own time-out and never twice at once."""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask

from yoto.store.columns import utcnow

log = logging.getLogger(__name__)


class State(enum.StrEnum):
    """The state of a component. Only ``OK`` is good; an unknown state is not.

    ``DEGRADED``: it does a part of its work, or others do it meanwhile. ``DRAINING`` applies only
    to a whole worker, which works on but takes nothing new.
    """

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of an examination: a state, a sentence about it, and named facts.

    ``seen`` holds the raw findings, for pages that show more of them.
    """

    state: State
    detail: str
    facts: Mapping[str, str] = field(default_factory=dict)
    seen: object = None


@dataclass(frozen=True, slots=True)
class Check:
    """One component.

    Attributes:
        name: the component's name.
        examine: returns a finding, within an application context; raising means failed.
        timeout: seconds after which a missing result is a failure.
        needed: whether all requests fail without it.
        bridged: whether requests still succeed while the state of a needed component is unknown,
            because it gave no answer or another one than asked for. A fault that it reports itself
            still counts.
    """

    name: str
    examine: Callable[[], Finding]
    timeout: float
    needed: bool = True
    bridged: Callable[[Flask], bool] | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A finding with its time. ``duration_ms``: duration of the check, so far if it still runs."""

    name: str
    state: State
    detail: str
    facts: Mapping[str, str]
    duration_ms: float
    at: datetime
    needed: bool = True
    seen: object = None


class Probe:
    """Runs the checks of one application side by side.

    A component that hangs holds up one thread, not one for each caller: while an examination runs,
    all callers wait for that one.
    """

    def __init__(self, app: Flask, checks: Sequence[Check]) -> None:
        self._app = app
        self._checks = checks
        self._lock = threading.Lock()
        self._running: dict[str, _Examination] = {}

    def run(self) -> list[CheckResult]:
        """Examine every component; takes as long as the slowest, at most its time-out."""
        asked = time.monotonic()
        examinations = [self._join(check) for check in self._checks]
        return [
            examination.wait(asked + check.timeout)
            for check, examination in zip(self._checks, examinations, strict=True)
        ]

    def _join(self, check: Check) -> _Examination:
        with self._lock:
            running = self._running.get(check.name)
            if running is None or running.done.is_set():
                running = _Examination(self._app, check)
                threading.Thread(
                    target=running.run, name=f"check-{check.name}", daemon=True
                ).start()
                # Registered only after its thread has started: later callers would wait for one
                # without.
                self._running[check.name] = running
            return running


class _Examination:
    """One run of one check, in a thread of its own."""

    def __init__(self, app: Flask, check: Check) -> None:
        self.done = threading.Event()
        self._app = app
        self._check = check
        self._started = time.monotonic()
        self._result: CheckResult | None = None

    def run(self) -> None:
        try:
            with self._app.app_context():
                finding = self._check.examine()
            answered = finding.state is not State.UNKNOWN
        except Exception as error:
            answered = False
            # The result names only the error's class; addresses are for the log.
            log.warning("health check %s failed", self._check.name, exc_info=error)
            finding = Finding(State.FAILED, type(error).__name__)
        self._result = self._dated(finding, answered)
        self.done.set()

    def wait(self, deadline: float) -> CheckResult:
        """The result, or a failure if there is none by ``deadline`` (monotonic seconds)."""
        self.done.wait(max(0.0, deadline - time.monotonic()))
        if self._result is not None:
            return self._result
        waited = time.monotonic() - self._started
        return self._dated(Finding(State.FAILED, f"no answer for {waited:.1f} s"), answered=False)

    def _dated(self, finding: Finding, answered: bool) -> CheckResult:
        """The result of a finding; ``answered``: whether the component itself gave it."""
        bridged = self._check.bridged
        needed = self._check.needed and (answered or bridged is None or not bridged(self._app))
        return CheckResult(
            name=self._check.name,
            state=finding.state,
            detail=finding.detail,
            facts=finding.facts,
            duration_ms=round((time.monotonic() - self._started) * 1000, 1),
            at=utcnow(),
            needed=needed,
            seen=finding.seen,
        )


def overall(results: Sequence[CheckResult]) -> State:
    """The worst state of all: failed before unknown before degraded before ok."""
    states = {result.state for result in results}
    for state in (State.FAILED, State.UNKNOWN, State.DEGRADED):
        if state in states:
            return state
    return State.OK


def readiness(results: Sequence[CheckResult]) -> State:
    """Whether requests succeed: components that are not needed make it ``DEGRADED`` at worst."""
    state = overall([result for result in results if result.needed])
    if state is State.OK and overall(results) is not State.OK:
        return State.DEGRADED
    return state
