"""Bulkheads: no more are inside at once than the cap, and slots come back (docs/resilience.md).

The node answers from when until when it was sure to have its slot: from after it was let in until
it last looked whether the slot was lost and it was not. Somebody who is refused while there must
have been a slot free shows one that did not come back.

Exceptions: after Redis lost data, holders are counted again at their next heartbeat, a third of the
lease later; until then others may be let in beside them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, by_key, shown, with_effect

NAME = "slots"
# s that the end of a call may take until Redis has it, beyond the lease of one that was killed.
GRACE = 2.0
# s from asking for a slot to having given it back, at the most.
LONGEST = 90.0
# s until a replica serves, after its primary was lost.
FAILOVER = 10.0
# Kinds of faults between the proxy and the nodes.
PROXY = ("link-nginx-", "connections-nginx", "nginx-")


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``enter`` with ``{"cap", "lease", "hold"}`` as argument; value ``{"admitted": False}``, or
    ``{"admitted": True, "entered", "held_until"}``.
    """
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        finding.saw(f"stays of {key} for longer than a lease", sum(map(_is_long, some)))
        _judge_cap(finding, key, some, faults)
        _judge_refusals(finding, key, some, faults)
    return finding


def _is_long(one: Operation) -> bool:
    return (
        one.outcome == "ok"
        and one.value["admitted"]
        and one.value["held_until"] - one.value["entered"] > one.argument["lease"]
    )


def _judge_cap(
    finding: Finding, key: str, operations: list[Operation], faults: Sequence[Fault]
) -> None:
    stays = [
        one
        for one in operations
        if one.outcome == "ok" and one.value["admitted"]
        # Else its worker stood still, and never saw that it had the slot.
        and one.value["entered"] < one.value["held_until"]
    ]
    turns = sorted(
        [(one.value["entered"], 1, place) for place, one in enumerate(stays)]
        + [(one.value["held_until"], 0, place) for place, one in enumerate(stays)]
    )
    inside: set[int] = set()
    for at, enters, place in turns:
        if not enters:
            inside.discard(place)
            continue
        inside.add(place)
        # While as many are inside as may be, one more would have been too many.
        finding.falsifiable += len(inside) >= stays[place].argument["cap"]
        cap, lease = stays[place].argument["cap"], stays[place].argument["lease"]
        finding.saw(f"most inside {key} (of {cap})", len(inside))
        if len(inside) <= cap:
            continue
        if any(
            fault.began <= at <= fault.healed + FAILOVER + lease
            for fault in with_effect(faults, "lost-data")
        ):
            finding.excuse("over a cap after Redis lost data, as documented")
            continue
        among = "\n".join(f"  {shown(stays[one])}" for one in sorted(inside))
        finding.violations.append(f"{key}: {len(inside)} inside at {at:.3f}, of {cap}\n{among}")
        return


def _judge_refusals(
    finding: Finding, key: str, operations: list[Operation], faults: Sequence[Fault]
) -> None:
    """Refusals although fewer than the cap can have held a slot."""
    invoked = [one.invoked for one in operations]
    for one in operations:
        if one.outcome != "ok" or one.value["admitted"] or one.returned is None:
            continue
        finding.falsifiable += 1
        returned = one.returned
        cap = one.argument["cap"]
        holding = [
            other
            for other in operations[
                bisect_left(invoked, one.invoked - LONGEST) : bisect_right(invoked, returned)
            ]
            if other is not one and _held_at_the_latest(other, faults) >= one.invoked
        ]
        finding.saw(f"refused by {key}", 1.0)
        if len(holding) < cap:
            among = "\n".join(f"  {shown(other)}" for other in holding)
            finding.violations.append(
                f"{key}: refused, with {len(holding)} of {cap} that can have held a slot: "
                f"{shown(one)}\n{among}"
            )
            return


def _held_at_the_latest(one: Operation, faults: Sequence[Fault]) -> float:
    """s until which its slot may have been taken."""
    refused = one.outcome == "failed" or (one.outcome == "ok" and not one.value["admitted"])
    if refused and not _may_be_a_second_answer(one, faults):
        return one.returned or one.invoked
    hold, lease = float(one.argument["hold"]), float(one.argument["lease"])
    if refused or one.outcome != "ok" or one.returned is None:
        # Its worker may be dead, stopped or slow: it was in it for so long, and then for a lease.
        return (one.returned or one.invoked) + hold + lease + GRACE
    # The end of a call is sent after its answer; a worker may have died or lost Redis in between.
    if any(fault.began - GRACE <= one.returned <= fault.healed + GRACE for fault in faults):
        return one.returned + lease + GRACE
    return one.returned + GRACE


def _may_be_a_second_answer(one: Operation, faults: Sequence[Fault]) -> bool:
    """Whether the proxy may have lost a node that let it in, and asked another."""
    return one.returned is not None and any(
        fault.kind.startswith(PROXY) and fault.began <= one.returned and one.invoked <= fault.healed
        for fault in faults
    )
