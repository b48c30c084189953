"""How the answers of this process go: what the monitor is told of each, and the share of requests
that failed lately."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic, perf_counter

from flask import Flask, Response, current_app, g, request

from app.core.monitor import Counter, Monitor, Recorder, names
from app.http.context import outcome

EXTENSION_KEY = "yoto.answers"
HALF_LIFE = 60.0  # s
# s between two decays, which take longer than counting: much less than the half-life.
STEP = 0.5
# Answers below which a share says nothing: one failure of two is no failing system.
ENOUGH = 20.0
FIRST_FAILURE, REFUSED = 500, 503
# Refusals by an operator's order: the problem's ``type``. They fail nobody who was not told.
PLANNED = frozenset({"maintenance", "circuit-isolated"})
PLANNED_STATUS = "planned"
# What belongs to no part of the API: static files, and addresses that there are not.
NO_AREA = "none"


class ErrorRate:
    """Two counts that decay by half in ``HALF_LIFE``. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._at = clock()
        self._answers = self._failures = 0.0

    def add(self, failed: bool) -> None:
        """Count one answer."""
        with self._lock:
            if self._clock() - self._at >= STEP:
                self._decay()
            self._answers += 1.0
            self._failures += failed

    def share(self) -> float:
        """Failures among the answers, 0 to 1; 0 while there are too few to tell."""
        with self._lock:
            self._decay()
            if self._answers < ENOUGH:
                return 0.0
            return self._failures / self._answers

    def _decay(self) -> None:
        now = self._clock()
        kept = 0.5 ** ((now - self._at) / HALF_LIFE)
        self._at = now
        self._answers *= kept
        self._failures *= kept


class Answers:
    """Counts and times answers; a refusal for lack of something (503) counts as failed.

    One that an operator ordered, by maintenance or by isolating a breaker, is no failure, and is
    counted apart.

    Attributes:
        error_rate: how many failed, lately.
        step_failures: functions that failed after a request was answered.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.error_rate = ErrorRate()
        self._recorder = recorder
        self._observe = recorder.histogram(names.REQUEST_TIME).observe
        self.step_failures = recorder.counter(names.STEP_FAILURES)
        # By part of the API and class of status: the lookups of a recorder take longer.
        self._requests: dict[tuple[str, int], Counter] = {}

    def add(self, area: str, status: int, seconds: float | None, planned: bool = False) -> None:
        """Take note of an answer.

        Args:
            seconds: None for a request that nobody saw begin.
            planned: whether an operator ordered this refusal.
        """
        self.error_rate.add(status >= FIRST_FAILURE and not planned)
        key = area, 0 if planned else status // 100
        requests = self._requests.get(key)
        if requests is None:
            shown = PLANNED_STATUS if planned else f"{status // 100}xx"
            requests = self._recorder.counter(names.REQUESTS, area=area, status=shown)
            self._requests[key] = requests
        requests.add()
        if seconds is not None:
            self._observe(seconds)


def init_answers(app: Flask) -> None:
    """Count the answers of ``app`` in this process. The first request starts the monitor."""
    app.extensions[EXTENSION_KEY] = Answers(Monitor.of(app).recorder)
    app.before_request(_begin)
    app.after_request(_count)


def step_failed(app: Flask) -> None:
    """Count a function that failed after a request of ``app`` was answered."""
    found: Answers | None = app.extensions.get(EXTENSION_KEY)
    if found is not None:
        found.step_failures.add()


def error_rate() -> float:
    """The share of failed answers of the current application in this process, 0 to 1."""
    found: Answers = current_app.extensions[EXTENSION_KEY]
    return found.error_rate.share()


def _begin() -> None:
    Monitor.start(current_app._get_current_object())  # type: ignore[attr-defined]
    g.began = perf_counter()


def _count(response: Response) -> Response:
    found: Answers = current_app.extensions[EXTENSION_KEY]
    began = g.pop("began", None)
    # A blueprint's own parts are one to whoever looks at the whole.
    area = (request.blueprint or NO_AREA).partition(".")[0]
    seconds = None if began is None else perf_counter() - began
    planned = response.status_code == REFUSED and outcome().get("problem") in PLANNED
    found.add(area, response.status_code, seconds, planned)
    return response
