"""How the answers of this process go: the share of requests that failed lately."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from flask import Flask, Response, current_app

EXTENSION_KEY = "yoto.answers"
HALF_LIFE = 60.0  # s
# Answers below which a share says nothing: one failure of two is no failing system.
ENOUGH = 20.0
FIRST_FAILURE = 500


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


def init_answers(app: Flask) -> None:
    """Count the answers of ``app`` in this process; a refusal for lack of something (503) counts
    as failed."""
    app.extensions[EXTENSION_KEY] = ErrorRate()
    app.after_request(_count)


def error_rate() -> float:
    """The share of failed answers of the current application in this process, 0 to 1."""
    found: ErrorRate = current_app.extensions[EXTENSION_KEY]
    return found.share()


def _count(response: Response) -> Response:
    found: ErrorRate = current_app.extensions[EXTENSION_KEY]
    found.add(response.status_code >= FIRST_FAILURE)
    return response
