"""Policies: requests that they deny are never allowed, whatever is away; all others are, while
nothing is broken and the machine has time (docs/abac.md, "Missing is denied").

Both have the permission by their roles, so it is the policies alone that decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, shown
from proof.campaign.models.slowness import LOAD, slowness_of

NAME = "policies"
# s around a fault in which there may be no verdict: a breaker opens, and is closed late.
AWAY = 10.0
# Times that a machine is slower on which engines answer too late.
BUSY = 2.0


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``ask`` with whether policies allow it as argument, and what was decided as value."""
    loads = [one for one in operations if one.call == LOAD]
    operations = [one for one in operations if one.call != LOAD]
    finding = Finding.of(NAME, operations)
    for one in operations:
        if one.outcome != "ok":
            continue
        ended = one.returned or one.invoked
        excused = one.argument and (
            any(
                one.invoked - AWAY <= fault.healed and fault.began <= ended + AWAY
                for fault in faults
            )
            or slowness_of(one.invoked - AWAY, ended, loads) > BUSY
        )
        finding.falsifiable += not excused
        if one.value["allowed"] == one.argument:
            continue
        if one.value["allowed"]:
            finding.violations.append(f"what a policy denies was allowed: {shown(one)}")
        elif excused:
            finding.excuse("denied for want of a verdict, as documented")
        else:
            finding.violations.append(f"denied while nothing was broken: {shown(one)}")
    return finding
