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
    """Have each line within a request of ``app`` carry what ``fields()`` says then.

    It is asked while a line is written, within Flask's request context, so that there is no copy of
    the request's facts that a thread could take along to the next one.
    """
    app.extensions[EXTENSION] = fields


def add_time(_: Any, __: str, line: Fields) -> Fields:
    """When it happened, in UTC (ISO 8601): a line may wait for its turn to be written."""
    record: logging.LogRecord = line["_record"]
    line["timestamp"] = moment_of(record.created)
    return line


def moment_of(epoch_seconds: float) -> str:
    """How lines write a moment."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def add_request(_: Any, __: str, line: Fields) -> Fields:
    """The request's facts; where a line is about none, the thread. Its own facts come first."""
    if has_request_context() and has_app_context() and EXTENSION in current_app.extensions:
        for name, value in current_app.extensions[EXTENSION]().items():
            line.setdefault(name, value)
    elif "request_id" not in line:
        line.setdefault("thread", line["_record"].threadName)
    return line


def add_trace(_: Any, __: str, line: Fields) -> Fields:
    """The ids of the span that is recorded now, if one is, in the names that collectors know."""
    found = tracing.ids()
    if found is not None:
        line["trace_id"], line["span_id"] = found
    return line


def drop_formatted(_: Any, __: str, line: Fields) -> Fields:
    """A formatter of somebody else's handler leaves its work in the record, as if it were extra."""
    line.pop("message", None)
    line.pop("asctime", None)
    return line


def name_stack(_: Any, __: str, line: Fields) -> Fields:
    """``stack_info=True`` gives a text; the console's writer looks for it by this name."""
    stack = line.pop("stack_info", None)
    if stack:
        line["stack"] = stack
    return line
