"""The levels of an alert."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """From bad to worse."""

    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 to 3; 0 is left for no alert."""
        return _LEVELS.index(self) + 1


_LEVELS = list(Level)


def level_of(rank: int) -> Level | None:
    """The level of a rank; None for 0."""
    return _LEVELS[rank - 1] if rank else None
