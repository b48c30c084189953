"""How much slower a machine was on which more wanted to run than it has cores for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from proof.campaign.history import Operation

# The call by which clients note it.
LOAD = "load"
# s between two looks at the load of the machine.
EVERY = 2.0


def slowness_of(began: float, ended: float, loads: Sequence[Operation]) -> float:
    """How many times slower it was than one with a core for all that wants to run."""
    moments = [one.invoked for one in loads]
    some = loads[bisect_left(moments, began - EVERY) : bisect_right(moments, ended + EVERY)]
    return max([1.0, *(float(one.value) for one in some)])
