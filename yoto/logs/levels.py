"""Log levels, changed while the process runs."""

from __future__ import annotations

import logging
import re

from yoto.errors import ValidationFailed
from yoto.resilience import LogLevel

LEVELS = tuple(level.value for level in LogLevel)
# Libraries whose INFO lines say nothing about this application.
QUIET = {"alembic": logging.WARNING}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)


def set_level(level: str, logger: str = "") -> None:
    """Log from ``level`` on, in this process, from now on.

    Args:
        level: one of ``LEVELS``.
        logger: a logger's name, such as ``yoto.cache``, for it and those beneath it; empty for all
            that have no level of their own.

    Raises:
        ValidationFailed: ``level`` is none of them, or ``logger`` is no name; nothing changed.
    """
    if level not in LEVELS:
        raise ValidationFailed({"level": f"{level!r} is not one of {', '.join(LEVELS)}"})
    if logger and not _NAME.fullmatch(logger):
        raise ValidationFailed({"logger": "must be names joined by dots, such as yoto.cache"})
    logging.getLogger(logger or None).setLevel(level)


def get_level(logger: str = "") -> str:
    """The level of ``logger`` in this process."""
    return logging.getLevelName(logging.getLogger(logger or None).getEffectiveLevel())


def quieten_libraries() -> None:
    """Silence the chatter of libraries, unless their level is set already."""
    for name, level in QUIET.items():
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(level)
