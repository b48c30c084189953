"""The protocol of a meter, the use of one key by one algorithm in memory, and the quotas for it."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

# Units. Sums of fractions miss whole numbers by less than this; a caller who waited exactly the
# announced time must not be refused for it.
TOLERANCE = 1e-6
RELATIVE_TOLERANCE = 1e-9


class Quota(NamedTuple):
    """A limit as meters need it.

    Attributes:
        limit: units in a window; 0 refuses all.
        window: seconds.
        capacity: units at once, for the bucket algorithms.
    """

    limit: int
    window: float
    capacity: int

    @property
    def interval(self) -> float:
        """Seconds in which a bucket gives one unit back. Only for a limit above 0."""
        return self.window / self.limit

    def fits(self, used: float, ceiling: int) -> bool:
        """Whether ``used`` units stay within ``ceiling``, except for rounding."""
        return used <= ceiling + TOLERANCE + RELATIVE_TOLERANCE * ceiling


def until_more(reset_after: float, step: float) -> float:
    """Seconds until one unit more is free than now, if one unit comes back each ``step``.

    Args:
        reset_after: seconds until all units are free.
    """
    if reset_after <= 0:
        return 0.0
    # At a step, rounding must not report that the next step is now.
    steps = max(0, math.ceil(reset_after / step - TOLERANCE) - 1)
    return reset_after - steps * step


class Status(NamedTuple):
    """State of a meter.

    Attributes:
        remaining: whole units left now.
        reset_after: seconds until the whole limit is free again.
    """

    remaining: int
    reset_after: float


class Meter(Protocol):
    """The use of one key."""

    def __init__(self, now: float) -> None: ...

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        """Seconds until ``cost`` units may pass, 0 when they may now; changes nothing.

        A cost above the most that the quota can hold waits for a whole window.
        """
        ...

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        """Uses ``cost`` units without asking; negative gives back, never past nothing used."""
        ...

    def used(self, now: float, quota: Quota) -> float:
        """Units in use now."""
        ...

    def status(self, now: float, quota: Quota) -> Status:
        """Units left, and seconds until all units are."""
        ...


def whole_units_left(ceiling: int, used: float) -> int:
    """Units left below ``ceiling``; a limit that was lowered live never makes this negative."""
    return max(0, math.floor(ceiling - used + TOLERANCE))
