"""The state that an operator forces on a breaker, as configuration: recorded, and kept through a
Redis that loses its data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .settings.rules import OneOf, Settings, ruled


class Force(StrEnum):
    """``isolated``: refuse all. ``disabled``: let all in and count nothing."""

    NONE = "none"
    ISOLATED = "isolated"
    DISABLED = "disabled"


@dataclass(frozen=True)
class ForcedStateConfig(Settings):
    """What an operator forces on a breaker.

    Attributes:
        state: see ``Force``.
    """

    state: Force = ruled(Force.NONE, OneOf(Force))
