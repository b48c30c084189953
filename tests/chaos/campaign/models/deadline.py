"""Nothing waits past its deadline (docs/guards.md, "Database").

A statement that reads has 4.8 s, after 2 s for a connection of the pool and 1.5 s for its sign of
life; one that writes waits 10 s for its turn at a row and 15 s for its answer at most. Time in
which what the client talks to stood still itself does not count.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.campaign.history import Fault, Operation
from tests.chaos.campaign.models.finding import Finding, shown, with_effect

NAME = "deadline"
# Calls that are one request each.
READS = frozenset({"check", "read", "hit", "enter"})
WRITES = frozenset({"set", "write", "add", "act"})
READ_SECONDS = 2.0 + 1.5 + 4.8
WRITE_SECONDS = 10.0 + 15.0
# s beyond it, for a machine whose two cores run everything.
GRACE = 4.0


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """The operations of all models; of each call only the first that took too long is listed."""
    operations = [one for one in operations if one.call in READS | WRITES]
    finding = Finding.of(NAME, operations)
    silences = with_effect(faults, "silent")
    reported: set[tuple[str, str]] = set()
    for one in operations:
        if one.returned is None:
            continue
        took = one.returned - one.invoked - _silent(one.invoked, one.returned, silences)
        deadline = READ_SECONDS if one.call in READS else WRITE_SECONDS
        finding.saw("longest wait of a read (s)" if one.call in READS else "of a write (s)", took)
        if took > deadline + GRACE and (one.model, one.call) not in reported:
            reported.add((one.model, one.call))
            finding.violations.append(f"{took:.1f} s, of {deadline:.1f} s: {shown(one)}")
    return finding


def _silent(began: float, ended: float, silences: Sequence[Fault]) -> float:
    """s of this time in which something stood still."""
    total, until = 0.0, began
    for fault in silences:
        start = max(until, fault.began)
        if start < min(ended, fault.healed):
            until = min(ended, fault.healed)
            total += until - start
    return total
