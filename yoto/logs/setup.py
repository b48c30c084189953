"""The one place where logging is configured."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

import structlog
from flask import Flask
from structlog.stdlib import ProcessorFormatter

from yoto.logs.handler import LogHandler, log_uncaught
from yoto.logs.levels import LEVELS, quieten_libraries
from yoto.logs.redaction import Redactor
from yoto.logs.rendering import FORMATS, encoder, formatter
from yoto.settings import PREFIX, known_settings

# A secret that is not a setting itself, but derived from one.
JWT_KEY = "JWT_SECRET_KEY"


def configure(
    level: str,
    format: str,
    *,
    instance: str | None = None,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> LogHandler:
    """Write the lines of all loggers, from ``level`` on, to one stream; a second call replaces it.

    Other handlers of the root logger stay.

    Args:
        level, format: one of ``LEVELS`` and one of ``FORMATS``.
        instance: names this process in each line; by default host and process id.
        secrets: values that no line may show.
        stream: by default standard error.
    """
    stream, instance, redactor = stream or sys.stderr, instance or process_name(), Redactor(secrets)
    handler = LogHandler(stream, encoder(instance, redactor) if format == "json" else None)
    handler.setFormatter(formatter(format, instance, redactor, stream.isatty()))
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, LogHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    quieten_libraries()
    log_uncaught()
    # Loggers of structlog itself, if they are used, write the same lines.
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return handler


def configure_app(
    app: Flask, instance: str | None = None, stream: TextIO | None = None
) -> LogHandler:
    """Call ``configure`` with the configuration of ``app``."""
    return configure(
        app.config["LOG_LEVEL"],
        app.config["LOG_FORMAT"],
        instance=instance,
        secrets=secrets_of(app.config),
        stream=stream,
    )


def configure_early(environ: Mapping[str, str], *, level: str, format: str) -> LogHandler:
    """Call ``configure`` before there is an application, whose libraries add handlers of their own
    if they find none.

    A wrong value counts as not set, since the configuration refuses it later, with its name.

    Args:
        level, format: the values if the environment sets none.
    """
    wanted = environ.get("YOTO_LOG_LEVEL", level), environ.get("YOTO_LOG_FORMAT", format)
    return configure(
        wanted[0] if wanted[0] in LEVELS else level,
        wanted[1] if wanted[1] in FORMATS else format,
        secrets=secrets_of(
            {key.removeprefix(PREFIX): it for key, it in environ.items() if key.startswith(PREFIX)}
        ),
    )


def secrets_of(config: Mapping[str, Any]) -> list[str]:
    """The values that no line may show: secret settings, and passwords in all addresses."""
    secret = {key for key, setting in known_settings().items() if setting.secret} | {JWT_KEY}
    found = []
    for key, value in config.items():
        if isinstance(value, str) and "://" in value:
            found += _passwords(value)
        # An address is no secret itself, and names the server in many lines.
        if key in secret and value and not key.endswith("_URL"):
            found.append(str(value))
    return found


def process_name() -> str:
    """Host and process id."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _passwords(address: str) -> list[str]:
    """The password in an address, both as written there and decoded."""
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return []
    return [password, unquote(password)]
