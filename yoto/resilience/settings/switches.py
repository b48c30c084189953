"""Operators' settings of the whole fleet: global switches, the level of its logs, and the state
forced on a breaker, which is configuration: recorded, and kept through a Redis that loses its data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yoto.rules import Checked, Flag, OneOf, Settings, ruled


class LogLevel(StrEnum):
    """The levels of the standard library that are useful here."""

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
        level: lines of this level and above are written; None: each process's own setting.
    """

    level: LogLevel | None = ruled(None, Checked(_level, "level"))


@dataclass(frozen=True)
class SwitchConfig(Settings):
    """A global switch. Without a set value or a default in code it is off.

    Attributes:
        enabled: whether it is on.
    """

    enabled: bool = ruled(False, Flag())


class Force(StrEnum):
    """``isolated``: refuse all. ``disabled``: admit all and count nothing."""

    NONE = "none"
    ISOLATED = "isolated"
    DISABLED = "disabled"


@dataclass(frozen=True)
class ForcedStateConfig(Settings):
    """The state that an operator forces on a breaker.

    Attributes:
        state: see ``Force``.
    """

    state: Force = ruled(Force.NONE, OneOf(Force))
