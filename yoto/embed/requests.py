"""Requests of the application as its control plane counts them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time

from flask import Flask, Response, g, request

from yoto.http.context import begin_record
from yoto.http.records import RequestRecord, records_of


def count_requests(app: Flask, counted_by: Callable[[Flask], Flask]) -> None:
    """Count and time each request of ``app``; nothing of its answers changes.

    Args:
        counted_by: whose records they are, in this process.
    """

    def before() -> None:
        begin_record(request._get_current_object())  # type: ignore[attr-defined]

    def after(response: Response) -> Response:
        record: RequestRecord | None = g.get("request_record")
        if record is not None:
            record.status = response.status_code
        return response

    def end(_: BaseException | None) -> None:
        record: RequestRecord | None = g.pop("request_record", None)
        # A hook of the application's that came before ours may have answered.
        if record is not None:
            record.seconds = perf_counter() - record.began
            record.ended_at = time()
            records_of(counted_by(app)).add(record)

    app.before_request(before)
    app.after_request(after)
    app.teardown_request(end)
