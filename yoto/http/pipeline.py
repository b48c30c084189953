"""The steps around every request: one function before the view, one after, one at the very end.

Every response gets an id, the headers and a record. Features that few requests use, a position, a
limit, a span, cost nothing where they are absent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter, time

from flask import Flask, Request, g, request

from yoto.auth.identity import caller_or_none
from yoto.http import request_log, request_metrics
from yoto.http.application import Application
from yoto.http.bounding import RequestBound, most_at_work
from yoto.http.deadlines import init_deadlines
from yoto.http.positions import forget_position, give_position, take_position
from yoto.http.request_log import RequestLog, request_fields
from yoto.http.request_metrics import RequestMetrics, contained
from yoto.http.security import HeadedResponse, security_headers
from yoto.http.traces import SPAN, describe_span
from yoto.logs import describe_requests
from yoto.monitor import Monitor, names
from yoto.request import records
from yoto.request.context import (
    OWN_ID_HEADER,
    REQUEST_ID_HEADER,
    begin_record,
    behind_proxies,
    current_record,
    is_moderation,
)
from yoto.request.records import RequestRecord, RequestRecords
from yoto.resilience import noted_limits, rate_limit_headers
from yoto.store.db import set_writing

log = logging.getLogger(__name__)

# Rejects requests before they are read, by record and endpoint; its exception is the response.
Admission = Callable[[RequestRecord, str], None]


def admit_all(record: RequestRecord, endpoint: str) -> None:
    """Let every request in."""


class Pipeline:
    """The steps around the requests of one application."""

    def __init__(
        self, app: Flask, records: RequestRecords, start: Callable[[], None], admit: Admission
    ) -> None:
        """See ``surround``."""
        self._app = app
        self._records = records
        self._start = start
        self._admit = admit

    def before(self) -> None:
        """Runs before the view; an exception here is the response."""
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        record = begin_record(asked)
        # The only line of a request that hangs.
        request_log.log.debug("request begins")
        set_writing(record.changes)
        self._start()
        # The check of the caller, too, uses nothing older than the request's position.
        take_position(asked)
        self._admit(record, asked.endpoint or "")

    def after(self, response: HeadedResponse) -> HeadedResponse:
        """After the view, or the handler of its error: steps that only the response decides."""
        record = current_record()
        record.status = response.status_code
        if record.changes:
            contained(self._app, give_position, response)
        environ = request.environ
        if SPAN in environ:
            contained(self._app, describe_span, record)
        response.added = (
            *security_headers(record.path, environ["wsgi.url_scheme"]),
            (REQUEST_ID_HEADER, record.request_id),
            (OWN_ID_HEADER, record.own_id),
        )
        contained(self._app, _add_limit_headers, response)
        return response

    def end(self, _: BaseException | None) -> None:
        """Runs at the end, with any response and without one."""
        forget_position()
        # The thread may serve another request next, which must not inherit this.
        set_writing(None)
        kept = g._get_current_object()
        record: RequestRecord | None = kept.pop("request_record", None)
        # The handler of a socket has no record: the pipeline did not run for it.
        if record is None:
            return
        # The application context ends after this; a failure in it must name its request.
        kept.ended_request = record.request_id
        record.seconds = perf_counter() - record.began
        record.ended_at = time()
        record.user_id = caller_or_none()
        if record.changes and record.user_id is not None:
            record.keeps_order = is_moderation()
        self._records.add(record)


def init_pipeline(app: Flask, admit: Admission) -> None:
    """Put the pipeline around the requests of ``app``, which needs the extension ``monitor``; the
    others are asked when there are requests. ``admit`` rejects requests.
    """
    recorder = Monitor.of(app).recorder
    counted = RequestMetrics(recorder)
    if isinstance(app, Application):
        overloaded = recorder.counter(names.OVERLOADED)
        app.bound = RequestBound(most_at_work(app.config), overloaded.add)
    kept = RequestRecords((counted.count, RequestLog(app).write))
    app.extensions[request_metrics.EXTENSION_KEY] = counted
    recorder.read_first(kept.flush)
    surround(app, kept, lambda: Monitor.start(app), admit)
    init_deadlines(
        app,
        app.config["REQUEST_DEADLINE"],
        app.config["TRUSTED_PROXIES"],
        recorder.counter(names.LATE).add,
        recorder.counter(names.DEADLINES_IGNORED).add,
    )


def surround(
    app: Flask,
    kept: RequestRecords,
    start: Callable[[], None] = lambda: None,
    admit: Admission = admit_all,
) -> None:
    """Put a pipeline around the requests of ``app`` whose records go to ``kept``; ``start`` begins
    what the first request begins, and ``admit`` rejects requests.
    """
    pipeline = Pipeline(app, kept, start, admit)
    app.extensions[records.EXTENSION_KEY] = kept
    app.wsgi_app = behind_proxies(app, app.wsgi_app)  # type: ignore[method-assign]
    app.response_class = HeadedResponse
    describe_requests(app, request_fields)
    app.before_request(pipeline.before)
    app.after_request(pipeline.after)
    app.teardown_request(pipeline.end)


def _add_limit_headers(response: HeadedResponse) -> None:
    """Headers for the remaining limits, whether the request was admitted or not."""
    noted = noted_limits()
    if noted:
        response.added += tuple(rate_limit_headers(noted).items())
