"""From which level on the whole fleet logs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yoto.rules import Checked, OneOf, Settings, ruled


class LogLevel(StrEnum):
    """The levels of the standard library that are of use here."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _level(value: Any) -> LogLevel | None:
    return None if value is None else LogLevel(OneOf(LogLevel)(value))


@dataclass(frozen=True)
class LogConfig(Settings):
    """Operators' settings for the logs of every process.

    Attributes:
        level: lines of this level and above are written; None: what each process is configured to.
    """

    level: LogLevel | None = ruled(None, Checked(_level, "level"))
