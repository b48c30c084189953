"""The times of retries. Pure."""

from __future__ import annotations

from ..records import FURTHEST_OFF

FIRST_PAUSE = 5.0  # s
LONGEST_PAUSE = FURTHEST_OFF  # s
SPREAD = 0.2  # share of the pause by which it varies, so that receivers are not hit in step


def pause_after(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row, 1 or more: twice as long each time.

    Args:
        chance: 0 to 1, drawn by the caller.
    """
    pause = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE)
    return pause * (1.0 - SPREAD * chance)
