"""Rendering of the standard library's records as lines: JSON for collectors, or text for people.

A line through a logger needs a record, a chain of processors and a write, which cost ten times as
much as the rest of logging a request. So many lines of requests are encoded and written at once.
Other handlers than ours get records as usual.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from flask import Flask, current_app, has_app_context, has_request_context
from structlog.processors import ExceptionRenderer
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from yoto import tracing
from yoto.logs.handler import Encoder, Line, LogHandler
from yoto.logs.redaction import Redactor

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


FORMATS = ("json", "console")
# Frames of a traceback, from both ends. Local variables are left out, since they may hold secrets.
MAX_FRAMES = 40
# Fields that keep their line breaks on the console.
MULTILINE = frozenset({"exception", "stack"})

# Characters that a terminal could take for a command, or a reader for the next line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def formatter(format: str, instance: str, redactor: Redactor, colours: bool) -> ProcessorFormatter:
    """The formatter that turns records into lines.

    Args:
        format: one of ``FORMATS``.
        instance: names this process, in JSON.
        colours: on the console.
    """

    def add_instance(_: Any, __: str, line: Fields) -> Fields:
        line["instance"] = instance
        return line

    def redact(_: Any, __: str, line: Fields) -> Fields:
        return redactor.fields(line)

    facts: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_time,
        add_request,
        add_trace,
        name_stack,
    ]
    if format == "json":
        transform = ExceptionDictTransformer(show_locals=False, max_frames=MAX_FRAMES)
        facts += [add_instance, ExceptionRenderer(transform)]
        # ASCII, so that any stream can hold any text from outside.
        rendering: list[Processor] = [structlog.processors.JSONRenderer()]
    else:
        facts.append(ExceptionRenderer())
        plain = structlog.dev.plain_traceback
        console = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)
        rendering = [_escape_control, console]
    # Redaction sees everything that will be written, also exceptions.
    hiding: list[Processor] = [ProcessorFormatter.remove_processors_meta, redact]
    return ProcessorFormatter(
        foreign_pre_chain=[ExtraAdder(), drop_formatted], processors=[*facts, *hiding, *rendering]
    )


def encoder(instance: str, redactor: Redactor) -> Encoder:
    """An encoder that makes the same JSON as ``formatter``, from lines without a record."""
    # Paths and addresses repeat often.
    hide = lru_cache(maxsize=1024)(redactor.text)
    encode = msgspec.json.Encoder().encode

    def make(name: str, event: str, line: Line) -> str:
        shown = {
            "event": event,
            **line.own,
            **{key: hide(text) for key, text in line.untrusted.items()},
            "level": logging.getLevelName(line.level).lower(),
            "logger": name,
            "timestamp": moment_of(line.at),
            "instance": instance,
        }
        text = encode(shown)
        # ASCII, so that any stream can hold any text from outside.
        return text.decode() if text.isascii() else json.dumps(shown)

    return make


def _escape_control(_: Any, __: str, line: Fields) -> Fields:
    return {
        name: (
            _CONTROL.sub(_escaped, value)
            if isinstance(value, str) and name not in MULTILINE
            else value
        )
        for name, value in line.items()
    }


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def write_lines(logger: logging.Logger, event: str, lines: Sequence[Line]) -> None:
    """Log ``lines`` about ``event`` by ``logger``, whose level must allow all of them.

    They are outside of any request: each line names its own.
    """
    if not lines:
        return
    for handler in _handlers(logger):
        if isinstance(handler, LogHandler) and handler.encoder is not None:
            handler.write_lines(logger.name, event, lines)
            continue
        for line in lines:
            if line.level >= handler.level:
                handler.handle(_record(logger.name, event, line))


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    """The handlers that lines of ``logger`` reach."""
    found: logging.Logger | None = logger
    while found is not None:
        yield from list(found.handlers)
        found = found.parent if found.propagate else None


def _record(name: str, event: str, line: Line) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": name,
            "msg": event,
            "levelno": line.level,
            "levelname": logging.getLevelName(line.level),
            "created": line.at,
            **line.own,
            **line.untrusted,
        }
    )
