"""Resources are back at their level when all is over: connections, slots, threads, memory,
queues."""

from __future__ import annotations

from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, by_key

NAME = "levels"
# By the beginning of a name: how much more than at first may be left, as a share and as a number.
# Pools and threads come up to their sizes under load, which a first measurement may be short of.
SLACK: dict[str, tuple[float, float]] = {
    "held": (0.0, 0.0),
    "waiting": (0.0, 0.0),
    "threads": (0.25, 10.0),
    "descriptors": (0.5, 60.0),
    "connections": (0.5, 60.0),
    "memory": (0.5, 120.0),
}


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``before`` and ``after`` with a number by each name as value."""
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        before = [one.value for one in some if one.call == "before" and one.outcome == "ok"]
        after = [one.value for one in some if one.call == "after" and one.outcome == "ok"]
        if not before or not after:
            finding.undecided.append(f"{key}: not measured before and after")
            continue
        for name, level in after[-1].items():
            share, number = SLACK[name.split(" ")[0]]
            most = before[0].get(name, 0.0) * (1 + share) + number
            finding.saw(name, level)
            finding.falsifiable += 1
            if level > most:
                was = before[0].get(name, 0.0)
                finding.violations.append(f"{key}: {name} is {level:g} after, and was {was:g}")
    return finding
