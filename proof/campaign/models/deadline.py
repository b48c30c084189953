"""Nothing waits past its deadline (docs/guards.md, "Database").

A statement that reads has 4.8 s, after 2 s for a connection of the pool and 1.5 s for its sign of
life; one that writes waits 10 s for its turn at a row and 15 s for its answer at most. A request
made while nginx, a node or the link between them stood still waits for that, and for its deadline
then: a request that was swallowed loses its connection when the link is whole again. Where more
wants to run than the machine has cores for, everything takes as many times longer: ``load``, which
clients note, is the load average of a core. No deadline is longer than nginx waits for a node, or
nothing could pass it; a request that took as long as that on a busy machine is undecided: the
product or the machine was too slow.
"""

from __future__ import annotations

from collections.abc import Sequence

from proof.campaign.clients.http import NGINX_PATIENCE, PATIENCE
from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, shown, with_effect
from proof.campaign.models.slowness import LOAD, slowness_of

NAME = "deadline"
# Calls that are one request each.
READS = frozenset({"check", "read", "ask", "hit", "enter"})
WRITES = frozenset({"set", "write", "add", "act"})
READ_SECONDS = 2.0 + 1.5 + 4.8
WRITE_SECONDS = 10.0 + 15.0
# s beyond it.
GRACE = 4.0
# s of the longest deadline: nginx answers by itself after a second more.
LONGEST = min(PATIENCE, NGINX_PATIENCE) - 1.0


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """The operations of all models; only the first of each call that took too long is listed.

    Operations that never ended lasted until the end of the history at least.
    """
    over = max((one.returned or one.invoked for one in operations), default=0.0)
    loads = [one for one in operations if one.call == LOAD]
    operations = [one for one in operations if one.call in READS | WRITES]
    finding = Finding.of(NAME, operations)
    silences = with_effect(faults, "silent")
    reported: set[tuple[str, str]] = set()
    unclear: list[Operation] = []
    for one in operations:
        ended = over if one.returned is None else one.returned
        took = ended - one.invoked - _held(one)
        in_time = GRACE + (READ_SECONDS if one.call in READS else WRITE_SECONDS)
        slowness = slowness_of(one.invoked, ended, loads)
        deadline = min(in_time * slowness, LONGEST)
        silence = max(
            (
                fault.mended
                for fault in silences
                if one.invoked < fault.mended and fault.began < ended
            ),
            default=None,
        )
        if silence is not None and ended <= silence + deadline:
            if took > deadline:
                finding.excuse("waited for a process or link that stood still")
            continue
        finding.falsifiable += 1
        finding.saw(f"longest wait of a {'read' if one.call in READS else 'write'} (s)", took)
        if took <= deadline:
            continue
        if slowness > 1.0 and in_time * slowness > deadline:
            unclear.append(one)
        elif (one.model, one.call) not in reported:
            reported.add((one.model, one.call))
            finding.violations.append(f"{took:.1f} s, of {deadline:.1f} s: {shown(one)}")
    if unclear:
        finding.undecided.append(
            f"{len(unclear)} waited longer than {LONGEST:g} s on a machine that was too busy, such"
            f" as {shown(unclear[0])}"
        )
    return finding


def _held(one: Operation) -> float:
    """s for which it was to stay where it was let in."""
    return float(one.argument["hold"]) if one.call == "enter" and one.argument else 0.0
