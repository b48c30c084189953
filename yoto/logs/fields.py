"""Fields of every line beside its message: the time, the process, and the request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, has_app_context, has_request_context

from yoto import tracing

EXTENSION = "yoto.log_fields"

Fields = MutableMapping[str, Any]


def describe_requests(app: Flask, fields: Callable[[], Mapping[str, Any]]) -> None:
    """Add the result of ``fields()`` to each line within a request of ``app``.

    It is called while a line is written, within Flask's request context, so there is no copy of a
    request's facts that a thread could carry into its next request.
    """
    app.extensions[EXTENSION] = fields


def add_time(_: Any, __: str, line: Fields) -> Fields:
    """Add the event's time in UTC (ISO 8601), since a line may be written later."""
    record: logging.LogRecord = line["_record"]
    line["timestamp"] = moment_of(record.created)
    return line


def moment_of(epoch_seconds: float) -> str:
    """A moment as it is written in lines."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def add_request(_: Any, __: str, line: Fields) -> Fields:
    """Add the request's facts, or without a request the thread. The line's own facts come first."""
    if has_request_context() and has_app_context() and EXTENSION in current_app.extensions:
        for name, value in current_app.extensions[EXTENSION]().items():
            line.setdefault(name, value)
    elif "request_id" not in line:
        line.setdefault("thread", line["_record"].threadName)
    return line


def add_trace(_: Any, __: str, line: Fields) -> Fields:
    """Add the ids of the present span, if one is recorded, under the names that collectors know."""
    found = tracing.ids()
    if found is not None:
        line["trace_id"], line["span_id"] = found
    return line


def drop_formatted(_: Any, __: str, line: Fields) -> Fields:
    """Drop results that another handler's formatter left in the record, as if they were extra."""
    line.pop("message", None)
    line.pop("asctime", None)
    return line


def name_stack(_: Any, __: str, line: Fields) -> Fields:
    """Rename the text of ``stack_info=True`` to the name that the console's writer looks for."""
    stack = line.pop("stack_info", None)
    if stack:
        line["stack"] = stack
    return line
