"""The protocol of a meter: the use of one key, by one algorithm, in memory.

Meters are values and arithmetic. They own no clock and no lock: the caller passes ``now`` in
seconds, and serialises the calls. After a clock went back, the first look treats events of the
future as events of now, so that an announced wait then holds. The scripts in ``lua/`` do the
same arithmetic in microseconds, and both pass the same contract tests.
"""

from __future__ import annotations

import math
from typing import Protocol

from .quota import TOLERANCE, Quota, Status


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
