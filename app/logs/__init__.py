"""Logs: every line of the standard library's loggers as JSON or for people, without secrets.

Importing configures nothing; ``run.py`` and the ``flask`` commands call ``configure``.
"""

from app.logs.fields import describe_requests
from app.logs.levels import LEVELS, get_level, set_level
from app.logs.redaction import HIDDEN, Redactor
from app.logs.rendering import FORMATS
from app.logs.setup import (
    configure,
    configure_app,
    configure_early,
    process_name,
)

__all__ = [
    "FORMATS",
    "HIDDEN",
    "LEVELS",
    "Redactor",
    "configure",
    "configure_app",
    "configure_early",
    "describe_requests",
    "get_level",
    "process_name",
    "set_level",
]
