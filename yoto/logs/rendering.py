"""Rendering of the standard library's records as lines: JSON for collectors, or text for people."""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from structlog.processors import ExceptionRenderer
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from yoto.logs.fields import (
    Fields,
    add_request,
    add_time,
    add_trace,
    drop_formatted,
    moment_of,
    name_stack,
)
from yoto.logs.handler import Encoder, Line
from yoto.logs.redaction import Redactor

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
