"""Global switches: named booleans that operators turn for the whole fleet."""

from __future__ import annotations

from dataclasses import dataclass

from .settings.rules import Flag, Settings, ruled


@dataclass(frozen=True)
class SwitchConfig(Settings):
    """A global switch. One that nobody has set or given a default in code is off.

    Attributes:
        enabled: whether what the switch names is on.
    """

    enabled: bool = ruled(False, Flag())
