"""The wait of a failed item for its next try."""

from __future__ import annotations

import random


def retry_delay(tries: int, first: float, longest: float, draw: float | None = None) -> float:
    """Seconds until the next try: exponential, at most ``longest``, with equal jitter.

    Half of the time is sure and half is drawn, so that items that failed together do not come back
    together (M. Brooker, "Exponential Backoff And Jitter", 2015).

    Args:
        tries: tries so far, at least 1.
        first: seconds after the first.
        draw: 0 to 1; by default a random number.
    """
    # Doubling any further would leave the range of floats.
    whole = min(longest, first * 2.0 ** min(tries - 1, 64))
    return whole / 2 * (1 + (random.random() if draw is None else draw))
