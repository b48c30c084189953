"""Rights: no answer is older than the bound, and none behind the position that the caller carries.

A check may answer with any state that was true since ``BOUND`` seconds before it was asked
(docs/consistency.md, "Bounded"); so it is a read whose moment may lie that much further back. A
check with a position includes the changes that gave it and all positions before it ("Own changes");
so its moment is after these writes. Each key is one right of one person, and a register otherwise.
Credentials that end are rights, too: to be accepted.

nginx sends a PUT or DELETE to the other node when the first one breaks off or says nothing. The
first one may still work at it, and be done after newer changes, whatever the second one answered.
Nobody is told which it repeated, and the API changes rights by PUT and DELETE alone; so each of
them that met a node, or a link to it, that stood still or broke may take effect once more at any
later time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.linearizable import Call, check
from proof.campaign.models.falsifiable import falsifiable
from proof.campaign.models.finding import Finding, by_key, shown, with_effect
from proof.campaign.models.slowness import LOAD, slowness_of
from proof.campaign.specifications import Register

NAME = "rights"
# s: MAX_STALENESS, and the relay's interval where the writer could not announce its change. A
# worker measures the former when it answers; on a busy machine the latter takes longer.
RELAY = 1.0
BOUND = 2.0 + RELAY
SECONDS = 30.0  # for a key
# Keys that are changed by POST, which nginx never repeats, begin so.
BY_POST = "credential:"


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``begin`` says what the right is at first; ``set`` has it as argument and its position as
    value; ``check`` has the position that was sent as argument, and what was answered as value.
    """
    loads = [one for one in operations if one.call == LOAD]
    operations = [one for one in operations if one.call != LOAD]
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        initial = next((bool(one.argument) for one in some if one.call == "begin"), False)
        calls = calls_of(some, faults, loads)
        finding.falsifiable += falsifiable(initial, calls)
        verdict = check(Register(initial), calls, SECONDS)
        finding.saw("seconds to judge a key", verdict.seconds)
        if verdict.holds is None:
            finding.undecided.append(f"{key}: {verdict.explain()}")
        elif not verdict.holds:
            finding.violations.append(f"{key}: {verdict.explain()}")
        for older, seconds in staleness(some):
            finding.saw(f"oldest {older} (s)", seconds)
    return finding


def calls_of(
    operations: Sequence[Operation],
    faults: Sequence[Fault] = (),
    loads: Sequence[Operation] = (),
) -> list[Call]:
    """The calls of one key, as writes and reads of a register; then the second effects of those
    that may have been repeated.
    """
    kept = [
        one
        for one in operations
        if (one.call == "set" and one.outcome != "failed")
        or (one.call == "check" and one.outcome == "ok")
    ]
    given = [
        (index, one.value)
        for index, one in enumerate(kept)
        if one.call == "set" and one.outcome == "ok" and one.value
    ]
    calls = []
    for one in kept:
        known = one.outcome == "ok" and one.returned is not None
        after: tuple[int, ...] = ()
        invoked = one.invoked
        if one.call == "check":
            invoked -= BOUND
            if one.argument is not None:
                after = tuple(index for index, what in given if covers(one.argument, what))
        calls.append(
            Call(
                "write" if one.call == "set" else "read",
                one.argument if one.call == "set" else None,
                one.value if one.call == "check" else None,
                invoked,
                (
                    one.returned + _late(one, loads)
                    if known and one.returned is not None
                    else math.inf
                ),
                after,
                shown(one),
            )
        )
    silences = with_effect(faults, "silent")
    return calls + [
        Call("write", one.argument, None, one.invoked, math.inf, shown=f"repeated: {shown(one)}")
        for one in kept
        if one.call == "set" and not one.key.startswith(BY_POST) and _met(one, silences)
    ]


def _late(one: Operation, loads: Sequence[Operation]) -> float:
    """s for which a relay may be later than its interval, for a change that was not announced."""
    if one.call != "set" or one.returned is None or order_of(str(one.value)) is not None:
        return 0.0
    return RELAY * (slowness_of(one.invoked, one.returned + BOUND, loads) - 1.0)


def _met(one: Operation, faults: Sequence[Fault]) -> bool:
    return any(
        one.invoked <= fault.mended and (one.returned is None or fault.began <= one.returned)
        for fault in faults
    )


def covers(position: str, given: str) -> bool:
    """Whether who carries ``position`` has seen the change that gave the other one."""
    if position == given:
        return True
    ours, theirs = order_of(position), order_of(given)
    return ours is not None and theirs is not None and theirs <= ours


def order_of(position: str) -> tuple[int, int] | None:
    """The order of a position in the log; None for a row of the outbox, which is not there yet."""
    head, dash, tail = position.partition("-")
    return (int(head), int(tail)) if dash and head.isdigit() and tail.isdigit() else None


def staleness(operations: Sequence[Operation]) -> list[tuple[str, float]]:
    """For how long, at least, each old answer had been wrong when it was asked for."""
    found = []
    writes = [one for one in operations if one.call == "set" and one.outcome != "failed"]
    for one in operations:
        if one.call != "check" or one.outcome != "ok" or one.returned is None:
            continue
        # Since the last write of this value could have had effect, others had for certain.
        last = max(
            (
                math.inf if w.outcome == "unknown" or w.returned is None else w.returned
                for w in writes
                if bool(w.argument) == bool(one.value) and w.invoked < one.returned
            ),
            default=-math.inf,
        )
        since = min(
            (
                w.returned
                for w in writes
                if w.outcome == "ok"
                and w.returned is not None
                and bool(w.argument) != bool(one.value)
                and w.invoked > last
                and w.returned < one.invoked
            ),
            default=one.invoked,
        )
        kind = "allow" if one.value else "denial"
        if since < one.invoked:
            found.append((f"{kind} with a position" if one.argument else kind, one.invoked - since))
    return found
