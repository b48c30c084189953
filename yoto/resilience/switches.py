"""Operators' switches: global switches of the fleet, and the state forced on a breaker, which is
configuration: recorded, and kept through a Redis that loses its data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.rules import Flag, OneOf, Settings, ruled


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
