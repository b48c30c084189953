"""Histories for the tests of models."""

from __future__ import annotations

from typing import Any

from proof.campaign.history import Effect, Fault, Operation, Outcome


def op(
    call: str,
    invoked: float,
    returned: float | None,
    argument: Any = None,
    value: Any = None,
    outcome: Outcome = "ok",
    key: str = "k",
    client: str = "c",
    model: str = "m",
) -> Operation:
    return Operation(
        client=client,
        model=model,
        key=key,
        call=call,
        argument=argument,
        invoked=invoked,
        returned=returned,
        outcome=outcome,
        value=value,
    )


def fault(
    began: float,
    healed: float,
    *effects: Effect,
    kind: str = "kill",
    ended: float | None = None,
) -> Fault:
    return Fault(
        kind=kind, target="redis1", began=began, healed=healed, effects=effects, ended=ended
    )
