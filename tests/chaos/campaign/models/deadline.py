"""Nothing waits past its deadline (docs/guards.md, "Database").

A statement that reads has 4.8 s, after 2 s for a connection of the pool and 1.5 s for its sign of
life; one that writes waits 10 s for its turn at a row and 15 s for its answer at most. What a
client asked while nginx, a node or the link between them stood still is not judged: it may wait for
it, and what was swallowed is noticed by nobody. Where more wants to run than the machine has cores
for, everything takes as many times longer: ``load``, which clients note, is the load average of a
core.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tests.chaos.campaign.history import Fault, Operation
from tests.chaos.campaign.models.finding import Finding, shown, with_effect

NAME = "deadline"
# Calls that are one request each.
READS = frozenset({"check", "read", "hit", "enter"})
WRITES = frozenset({"set", "write", "add", "act"})
READ_SECONDS = 2.0 + 1.5 + 4.8
WRITE_SECONDS = 10.0 + 15.0
# s between two looks at the load of the machine.
EVERY = 2.0
# s beyond it.
GRACE = 4.0


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """The operations of all models; of each call only the first that took too long is listed."""
    loads = [one for one in operations if one.call == "load"]
    operations = [one for one in operations if one.call in READS | WRITES]
    finding = Finding.of(NAME, operations)
    silences = with_effect(faults, "silent")
    reported: set[tuple[str, str]] = set()
    for one in operations:
        if one.returned is None:
            continue
        took = one.returned - one.invoked
        deadline = GRACE + (READ_SECONDS if one.call in READS else WRITE_SECONDS)
        deadline *= _slowness(one.invoked, one.returned, loads)
        if any(one.invoked < fault.healed and fault.began < one.returned for fault in silences):
            # What took the request stood still, or lost it and never says so.
            if took > deadline:
                finding.excuse("waited for a process or link that stood still")
            continue
        finding.saw(f"longest wait of a {'read' if one.call in READS else 'write'} (s)", took)
        if took > deadline and (one.model, one.call) not in reported:
            reported.add((one.model, one.call))
            finding.violations.append(f"{took:.1f} s, of {deadline:.1f} s: {shown(one)}")
    return finding


def _slowness(began: float, ended: float, loads: Sequence[Operation]) -> float:
    """How many times slower the machine was than one with a core for all that wants to run."""
    moments = [one.invoked for one in loads]
    some = loads[bisect_left(moments, began - EVERY) : bisect_right(moments, ended + EVERY)]
    return max([1.0, *(float(one.value) for one in some)])
