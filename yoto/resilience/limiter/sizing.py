"""How many units the next lease of a key takes: the pace at which the last one was used.

Values and arithmetic; what is left of the limit is the script's business (``limiter_lease.lua``).
"""

from __future__ import annotations

import math

# Units of one lease. At 1,000 a round trip is a thousandth of each call.
LARGEST_LEASE = 1_000
# Times as many as were used of the last one: a burst is met in a few leases, and a lease that is
# not used after all is small.
GROWTH = 4


def units_wanted(used: int, elapsed: float, length: float) -> int:
    """Units that a key will use in ``length`` seconds, as it used ``used`` in ``elapsed``."""
    if used <= 0:
        return 1
    if elapsed * GROWTH <= length:
        return min(LARGEST_LEASE, used * GROWTH)
    return max(1, min(LARGEST_LEASE, math.ceil(used * min(GROWTH, length / elapsed))))
