"""Logs: every line of the standard library's loggers as JSON or for people, without secrets.

Importing configures nothing; ``run.py`` and the ``flask`` commands call ``configure``.
"""

from app.logs.fields import describe_requests
from app.logs.fleet import follow_fleet
from app.logs.handler import Line, LogHandler
from app.logs.levels import LEVELS, get_level, set_level
from app.logs.lines import write_lines
from app.logs.redaction import HIDDEN, Redactor
from app.logs.rendering import FORMATS
from app.logs.setup import (
    configure,
    configure_app,
    configure_early,
    process_name,
    secrets_of,
)

__all__ = [
    "FORMATS",
    "HIDDEN",
    "LEVELS",
    "Line",
    "LogHandler",
    "Redactor",
    "configure",
    "configure_app",
    "configure_early",
    "describe_requests",
    "follow_fleet",
    "get_level",
    "process_name",
    "secrets_of",
    "set_level",
    "write_lines",
]
