"""Acknowledged acts are there at the end, once: rows, their audit records, effects of the queue.

An act that is known not to have happened left nothing, one whose outcome is unknown left one thing
or none. Only the queue has an exception: items that Redis acknowledged and lost in a failover
(docs/queue.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, Judge, by_key, shown, with_effect

# s after the acknowledgement in which a Redis that is lost may take it along: until its handler has
# had its turn; and where the database was broken meanwhile, whose breaker opens for longer each
# time.
WAITS, WAITS_FOR_DATABASE = 5.0, 60.0
# Kinds of faults that keep a handler from its database begin with one of these.
DATABASE = ("database-", "disk-full", "link-app-database-")


def kept(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Rows of the database."""
    return _judge("kept", operations, [])


def audit(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Records of the audit log about them."""
    return _judge("audit", operations, [])


def queue(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Effects of items that were put into the queue."""
    return _judge("queue", operations, faults)


JUDGES: dict[str, Judge] = {"kept": kept, "audit": audit, "queue": queue}


def _judge(name: str, operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``act`` with the id of what it makes as argument; ``list``, at the end, with the ids of all
    that is there as value, one as often as it is there. An id may be asked for more than once.
    """
    finding = Finding.of(name, operations)
    for key, some in by_key(operations).items():
        lists = [one for one in some if one.call == "list" and one.outcome == "ok"]
        if not lists:
            finding.undecided.append(f"{key}: nobody could look what is there at the end")
            continue
        there = Counter(lists[-1].value)
        acts: dict[str, list[Operation]] = {}
        for one in some:
            if one.call == "act":
                acts.setdefault(one.argument, []).append(one)
        for what, tries in acts.items():
            _judge_one(finding, key, what, tries, there[what], faults)
        strangers = [what for what in there if what not in acts]
        if strangers:
            finding.violations.append(f"{key}: nobody asked for {strangers[:5]}")
    return finding


def _judge_one(
    finding: Finding,
    key: str,
    what: str,
    tries: list[Operation],
    number: int,
    faults: Sequence[Fault],
) -> None:
    outcomes = {one.outcome for one in tries}
    known = [one for one in tries if one.outcome == "ok"]
    excused = any(_went_along(one, faults) for one in known)
    # Whether it is there is certain, one way or the other.
    finding.falsifiable += outcomes == {"failed"} or (bool(known) and not excused)
    if number == 1 and outcomes != {"failed"}:
        return
    if number == 0 and "ok" not in outcomes:
        return
    if number == 0 and excused:
        finding.excuse("acknowledged by a Redis that was lost, as documented")
        return
    said = "\n".join(f"  {shown(one)}" for one in tries)
    finding.violations.append(f"{key}: {what} is there {number} times\n{said}")


def _went_along(one: Operation, faults: Sequence[Fault]) -> bool:
    """Whether a Redis that was lost may have had it still."""
    return any(
        loss.began - (WAITS_FOR_DATABASE if _kept_waiting(one, loss, faults) else WAITS)
        <= one.invoked
        <= loss.healed
        for loss in with_effect(faults, "lost-data")
    )


def _kept_waiting(one: Operation, loss: Fault, faults: Sequence[Fault]) -> bool:
    """Whether its handler was without a database at some time before the loss."""
    return any(
        fault.kind.startswith(DATABASE)
        and fault.began <= loss.began
        and fault.healed + WAITS >= one.invoked
        for fault in faults
    )
