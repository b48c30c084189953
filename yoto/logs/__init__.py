"""Logs: every line of the standard library's loggers as JSON or for people, without secrets.

Importing configures nothing; ``run.py`` and the ``flask`` commands call ``configure``.
"""

from yoto.logs.fleet import follow_fleet
from yoto.logs.handler import Line, LogHandler
from yoto.logs.levels import LEVELS, get_level, set_level
from yoto.logs.redaction import HIDDEN, Redactor
from yoto.logs.rendering import FORMATS, describe_requests, write_lines
from yoto.logs.setup import configure, configure_app, configure_early, process_name, secrets_of

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
