"""How many reads of a register could have been wrong.

A read to which any answer would have been right shows nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence

from proof.campaign.linearizable import Call


def falsifiable(initial: Hashable, calls: Sequence[Call]) -> int:
    """The reads that could not have answered with some value that was there at another time."""
    writes = sorted(
        (index for index, one in enumerate(calls) if one.call == "write"),
        key=lambda index: calls[index].invoked,
    )
    values = {initial, *(calls[index].argument for index in writes)}
    invoked = [calls[index].invoked for index in writes]
    return sum(
        one.call == "read"
        and one.known
        and _possible(initial, calls, writes[: bisect_right(invoked, one.returned)], one) < values
        for one in calls
    )


def _possible(
    initial: Hashable, calls: Sequence[Call], writes: Sequence[int], read: Call
) -> set[Hashable]:
    """Its possible answers: values that nothing had overwritten for certain when it began."""
    covered = set(read.after)
    over = max(
        (
            calls[index].invoked
            for index in writes
            if calls[index].returned <= read.invoked or index in covered
        ),
        default=None,
    )
    if over is None:
        return {initial, *(calls[index].argument for index in writes)}
    return {calls[index].argument for index in writes if calls[index].returned >= over}
