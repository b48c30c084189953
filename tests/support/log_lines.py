"""Lines of the log, as ``run.py`` would write them, kept for a test to read."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Flask

from yoto import logs
from yoto.request.records import records_of


class LogLines:
    """The lines that were written since the configuration.

    Attributes:
        app: whose requests are waited for.
    """

    app: Flask | None = None

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        """All lines, as they were written."""
        self.flush()
        return self._stream.getvalue()

    def flush(self) -> None:
        """Wait for the lines of requests that have ended."""
        if self.app is not None:
            records_of(self.app).flush()

    def parsed(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines of JSON, or those of them about ``event``."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if event is None or line["event"] == event]


@contextmanager
def logging_restored() -> Iterator[None]:
    """Takes back what configures logging in the block: it is the whole process's."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    hooks = sys.excepthook, threading.excepthook
    try:
        yield
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
        sys.excepthook, threading.excepthook = hooks
        logging.captureWarnings(False)
        structlog.reset_defaults()


@contextmanager
def written(level: str = "DEBUG", format: str = "json", **options: Any) -> Iterator[LogLines]:
    """Configures logging as ``logs.configure`` does, into memory, for the block."""
    stream = io.StringIO()
    with logging_restored():
        # Those of pytest raise what ours reports.
        logging.getLogger().handlers.clear()
        logs.configure(level, format, stream=stream, **options)
        found = LogLines(stream)
        yield found
        found.flush()
