"""Writing lines to a stream, also those that Python would print past the loggers."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, TextIO, TypeAlias

log = logging.getLogger(__name__)


class Line(NamedTuple):
    """A line without a record of the logging library.

    Attributes:
        level: as the standard library numbers them.
        at: epoch seconds.
        own: its fields that are surely no secrets.
        untrusted: texts from outside, which may contain secrets.
    """

    level: int
    at: float
    own: dict[str, Any]
    untrusted: dict[str, str]


# Makes a text from a logger's name, an event and a line.
Encoder: TypeAlias = Callable[[str, str, Line], str]


class LogHandler(logging.StreamHandler[TextIO]):
    """The handler that ``configure`` adds to the root logger, and replaces when called again.

    Attributes:
        encoder: makes text of lines without records; None if only the formatter can.
    """

    def __init__(self, stream: TextIO, encoder: Encoder | None = None) -> None:
        super().__init__(stream)
        self.encoder = encoder

    def write_lines(self, name: str, event: str, lines: Sequence[Line]) -> None:
        """Write the lines of logger ``name`` about ``event`` at once; there must be an encoder."""
        assert self.encoder is not None
        try:
            text = [self.encoder(name, event, one) for one in lines if one.level >= self.level]
            self.acquire()
            try:
                self.stream.write("".join(one + self.terminator for one in text))
                self.flush()
            finally:
                self.release()
        except Exception:
            self.handleError(logging.makeLogRecord({"name": name, "msg": event}))

    def handleError(self, record: logging.LogRecord) -> None:
        """Report where a line could not be written; the standard way prints its raw arguments."""
        failure = sys.exc_info()[0]
        what = {
            "level": "error",
            "logger": record.name,
            "event": "a log line could not be written",
            "error": failure.__name__ if failure is not None else "unknown",
            "at": f"{record.filename}:{record.lineno}",
        }
        try:
            self.stream.write(json.dumps(what) + self.terminator)
        except (OSError, ValueError):
            # The stream itself is gone, and there is nowhere left to report it.
            return


def log_uncaught() -> None:
    """Log errors that end the process or a thread, and warnings, like all other lines."""
    logging.captureWarnings(True)
    sys.excepthook = _end_of_process
    threading.excepthook = _end_of_thread


def _end_of_process(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        log.critical("the process ends by an error", exc_info=(kind, error, traceback))


def _end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or issubclass(ended.exc_type, SystemExit):
        return
    log.critical(
        "%s ends by an error",
        ended.thread.name if ended.thread is not None else "a thread",
        exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
    )
