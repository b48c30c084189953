"""Rows of the database: a read gives the value that was last written (linearizable)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from proof.campaign.history import Fault, Operation
from proof.campaign.linearizable import Call, check
from proof.campaign.models.falsifiable import falsifiable
from proof.campaign.models.finding import Finding, by_key, shown
from proof.campaign.specifications import Register

NAME = "row"
SECONDS = 30.0  # for a key


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``write`` with the value as argument, ``read`` with it as value; each key begins as None,
    or as its first operation, ``begin``, says.
    """
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        initial = next((one.argument for one in some if one.call == "begin"), None)
        calls = calls_of(some)
        finding.falsifiable += falsifiable(initial, calls)
        verdict = check(Register(initial), calls, SECONDS)
        finding.saw("seconds to judge a key", verdict.seconds)
        if verdict.holds is None:
            finding.undecided.append(f"{key}: {verdict.explain()}")
        elif not verdict.holds:
            finding.violations.append(f"{key}: {verdict.explain()}")
    return finding


def calls_of(operations: Sequence[Operation]) -> list[Call]:
    """Those that may have happened."""
    return [
        Call(
            one.call,
            one.argument,
            one.value,
            one.invoked,
            one.returned if one.outcome == "ok" and one.returned is not None else math.inf,
            shown=shown(one),
        )
        for one in operations
        if one.outcome != "failed" and one.call in ("write", "read")
    ]
