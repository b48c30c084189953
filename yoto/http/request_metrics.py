"""Request metrics of this process: the monitor's records, and the recent error rate."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from flask import Flask, current_app, g

from yoto.monitor import Counter, Recorder, names
from yoto.request.records import RequestRecord, records_of

EXTENSION_KEY = "yoto.request_metrics"
HALF_LIFE = 60.0  # s
# s between two decays, which take longer than counting: much less than the half-life.
STEP = 0.5
# Responses below which a share says nothing: one failure of two is no failing system.
ENOUGH = 20.0
FIRST_FAILURE, REFUSED = 500, 503
# Rejections by an operator's order: the problem's ``type``. They count as no failure.
PLANNED = frozenset({"maintenance", "circuit-isolated"})
PLANNED_STATUS = "planned"
# Requests outside every part of the API: static files, and addresses that do not exist.
NO_AREA = "none"

log = logging.getLogger(__name__)


class ErrorRate:
    """Two counts that decay by half in ``HALF_LIFE``. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._at = clock()
        self._responses = self._failures = 0.0

    def add(self, failed: int, of: int = 1) -> None:
        """Count ``of`` responses, of which so many failed."""
        with self._lock:
            if self._clock() - self._at >= STEP:
                self._decay()
            self._responses += of
            self._failures += failed

    def share(self) -> float:
        """The error rate, 0 to 1; 0 while there are too few responses to judge."""
        with self._lock:
            self._decay()
            if self._responses < ENOUGH:
                return 0.0
            return self._failures / self._responses

    def _decay(self) -> None:
        now = self._clock()
        kept = 0.5 ** ((now - self._at) / HALF_LIFE)
        self._at = now
        self._responses *= kept
        self._failures *= kept


class RequestMetrics:
    """Counts and times responses; a refusal for an unavailable store (503) counts as failed.

    A refusal that an operator ordered, by maintenance or by isolating a breaker, is no failure, and
    is counted apart.

    Attributes:
        error_rate: how many failed, lately.
        step_failures: functions that failed after a request had its response.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.error_rate = ErrorRate()
        self._recorder = recorder
        self._observe = recorder.histogram(names.REQUEST_TIME).observe
        self.step_failures = recorder.counter(names.STEP_FAILURES)
        # By part of the API and class of status: the lookups of a recorder take longer.
        self._requests: dict[tuple[str, int], Counter] = {}

    def count(self, records: Sequence[RequestRecord]) -> None:
        """Count the responses of ``records``."""
        failed = 0
        for record in records:
            self._observe(record.seconds)
            status = record.status
            planned = status == REFUSED and record.outcome.get("problem") in PLANNED
            failed += status >= FIRST_FAILURE and not planned
            self._requests_of(_area(record), 0 if planned else status // 100).add()
        self.error_rate.add(failed, len(records))

    def _requests_of(self, area: str, status_class: int) -> Counter:
        requests = self._requests.get((area, status_class))
        if requests is None:
            shown = f"{status_class}xx" if status_class else PLANNED_STATUS
            requests = self._recorder.counter(names.REQUESTS, area=area, status=shown)
            self._requests[area, status_class] = requests
        return requests


def _area(record: RequestRecord) -> str:
    """The part of the API; a blueprint's own parts count as one."""
    endpoint = "" if record.rule is None else str(record.rule.endpoint)
    return endpoint.partition(".")[0] if "." in endpoint else NO_AREA


def contained(app: Flask, step: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """The result of ``step``; None where it fails, which is logged and counted.

    The request of ``app`` that it follows has its response already.
    """
    try:
        return step(*args, **named)
    except Exception:
        _step_failed(app, step)
        return None


def _step_failed(app: Flask, step: object) -> None:
    name = getattr(step, "__qualname__", repr(step))
    record: RequestRecord | None = g.get("request_record")
    ended = g.get("ended_request") if record is None else record.request_id
    facts = {} if ended is None else {"request_id": ended}
    log.exception("%s failed after the request was answered", name, extra=facts)
    found: RequestMetrics | None = app.extensions.get(EXTENSION_KEY)
    if found is not None:
        found.step_failures.add()


def error_rate() -> float:
    """The error rate of the current application in this process, 0 to 1."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    records_of(app).flush()
    found: RequestMetrics = app.extensions[EXTENSION_KEY]
    return found.error_rate.share()
