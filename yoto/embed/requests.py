"""Counting of the application's requests for its control plane."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time

from flask import Flask, Response, g, request

from yoto.http.request_metrics import contained
from yoto.request.context import begin_record, is_moderation
from yoto.request.records import RequestRecord, RequestRecords, records_of


def count_requests(app: Flask, counted_by: Callable[[Flask], Flask]) -> None:
    """Count and time each request of ``app``; nothing of its responses changes.

    Args:
        counted_by: returns the application that keeps the records, in this process.
    """

    def before() -> None:
        begin_record(request._get_current_object())  # type: ignore[attr-defined]

    def after(response: Response) -> Response:
        record: RequestRecord | None = g.get("request_record")
        if record is not None:
            record.status = response.status_code
        return response

    def end(_: BaseException | None) -> None:
        # The response is made, and no failure here may change it.
        contained(counted_by(app), _keep, records_of(counted_by(app)))

    app.before_request(before)
    app.after_request(after)
    app.teardown_request(end)


def name_caller(user_id: int) -> None:
    """Set the user of the current request in its record, if this is a counted application's."""
    record: RequestRecord | None = g.get("request_record")
    if record is not None:
        record.user_id = user_id


def _keep(records: RequestRecords) -> None:
    record: RequestRecord | None = g.pop("request_record", None)
    # An earlier hook of the application may have answered the request.
    if record is None:
        return
    record.seconds = perf_counter() - record.began
    record.ended_at = time()
    if record.changes and record.user_id is not None:
        record.keeps_order = is_moderation()
    records.add(record)
