"""A counting algorithm, as a Lua text for Redis and a class for memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from yoto.errors import ConfigurationError

from ..scripts import LimiterScripts, limiter_scripts
from .meter import Meter, Quota

# Operators read the name, and it is part of keys of Redis.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
METHODS = ("wait", "charge", "used", "status")
# The names that the Lua text must assign; see ``limiter.lua``.
_MEASURE = re.compile(r"^\s*measure\s*=", re.MULTILINE)


class Leases(StrEnum):
    """How the units of several calls are charged at once (``limiter_lease.lua``).

    ``none``: not at all; a limit with this algorithm cannot be ``leased``.
    ``in_state``: by the Lua text, which ``limiter.lua`` calls for leases.
    ``longer_window``: as ``in_state``, and a unit counts longer than a window, by a lease's length.
    """

    NONE = "none"
    IN_STATE = "in_state"
    LONGER_WINDOW = "longer_window"


def irregularly(quota: Quota) -> float | None:
    """The ``step`` of a quota that comes back as irregularly as it was used."""
    return None


@dataclass(frozen=True)
class Algorithm:
    """A Lua text and its twin in Python, which ``check_algorithm`` compares.

    Attributes:
        name: its name in configurations.
        lua: assigns ``measure`` (``limiter.lua`` says how it is called); ``load_lua`` reads it from
            a package. It is inserted into each script of a limit with this algorithm.
        meter: the twin in memory, for replays and while Redis is unavailable.
        code: the name in the keys of Redis, by default ``name``. A change of the data under
            these keys needs another code.
        bursts: whether ``burst`` units pass at once, where a configuration sets it.
        step: see ``DimensionStatus``.
        leases: see ``Leases``; ``check_algorithm`` looks at none.

    Raises:
        ConfigurationError: name or code cannot be one, or a half of the pair is missing.
    """

    name: str
    lua: str = field(repr=False)
    meter: type[Meter]
    code: str = ""
    bursts: bool = False
    step: Callable[[Quota], float | None] = field(default=irregularly, compare=False)
    leases: Leases = Leases.NONE

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.code or self.name)
        for text in (self.name, self.code):
            if not NAME.fullmatch(text):
                raise ConfigurationError(
                    "algorithm", f"{text!r} must be a-z, 0-9 and _, up to 40, from a letter on"
                )
        missing = [name for name in METHODS if not callable(getattr(self.meter, name, None))]
        if missing:
            raise ConfigurationError(
                "algorithm", f"{self.name}: its meter has no {', '.join(missing)}"
            )
        if not _MEASURE.search(self.lua):
            raise ConfigurationError("algorithm", f"{self.name}: its Lua assigns no 'measure'")

    @cached_property
    def scripts(self) -> LimiterScripts:
        """The scripts of a limit with this algorithm."""
        return limiter_scripts(self.lua)
