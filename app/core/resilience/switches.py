"""Global switches: named booleans that operators turn for the whole fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .settings.rules import Settings, ruled


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


@dataclass(frozen=True)
class SwitchConfig(Settings):
    """A global switch. One that nobody has set or given a default in code is off.

    Attributes:
        enabled: whether what the switch names is on.
    """

    enabled: bool = ruled(False, _flag)
