"""Whether the event stream says what happened (docs/events.md): changes of rights that were
answered, and turns of a breaker.

An event that Redis did not take is counted by its writer, and lost; a worker that dies takes along
those that it had yet to write. So this judges what happened while all was well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, shown

KEY = "happened"
# s before and after a fault in which what happens may stay unsaid.
UNSAID = 5.0
# s to the next change of a subject: workers gather changes of a second in one event, and one that
# names the subject for two changes says nothing of either.
APART = 8.0


def judge(finding: Finding, operations: Sequence[Operation], faults: Sequence[Fault]) -> None:
    """``changed``, with the tag of its subject as argument and the position that was answered as
    value; ``turned``, with the ``name`` of a breaker and the ``period`` that began as value. The
    facts of events are the argument of what readers heard and of the list of the stream.
    """
    facts = list(_facts(operations))
    heard = [one.invoked for one in operations if one.call in ("event", "snapshot")]
    begun = min(heard, default=math.inf)
    happened = [
        one
        for one in operations
        if one.key == KEY and one.invoked > begun and not _near(one, faults)
    ]
    for one in happened:
        if one.outcome != "ok" or one.value is None:
            continue
        if one.call == "turned":
            is_said = any(one.value.items() <= fact.items() for fact in facts)
        else:
            until = _next(one, operations)
            if until is None:
                continue
            is_said = any(_names(fact, one, until) for fact in facts)
        finding.falsifiable += 1
        if not is_said:
            finding.violations.append(f"no event says what happened: {shown(one)}")


def _facts(operations: Iterable[Operation]) -> Iterable[dict[str, Any]]:
    for one in operations:
        if one.key == KEY or not one.argument:
            continue
        if one.call == "event":
            yield one.argument
        elif one.call == "list":
            yield from one.argument.values()


def _near(one: Operation, faults: Sequence[Fault]) -> bool:
    ended = one.invoked if one.returned is None else one.returned
    return any(
        fault.began - UNSAID <= ended and one.invoked <= fault.healed + UNSAID for fault in faults
    )


def _next(one: Operation, operations: Sequence[Operation]) -> tuple[float, ...] | None:
    """The position of the next change of its subject; None: no event could be told from others."""
    position = _order(one.value)
    if position is None or one.returned is None:
        return None
    for other in operations:
        if other.key != KEY or other.call != "changed" or other is one:
            continue
        if other.argument != one.argument or (other.returned or math.inf) < one.invoked:
            continue
        if other.invoked < one.returned + APART:
            return None
        return None if other.value is None else _order(other.value)
    return (math.inf,)


def _names(fact: dict[str, Any], one: Operation, until: tuple[float, ...]) -> bool:
    """Whether it is about the change, and about no later one. An event about very many subjects
    does not name all.
    """
    if "subjects" not in fact:
        return False
    position = _order(fact["position"])
    return (
        position is not None
        and (_order(one.value) or ()) <= position < until
        and (one.argument in fact["subjects"] or fact["count"] > len(fact["subjects"]))
    )


def _order(position: str) -> tuple[float, ...] | None:
    """The order of a position of the log; None for a row of the outbox."""
    parts = position.split("-")
    return tuple(map(float, parts)) if all(part.isdigit() for part in parts) else None
