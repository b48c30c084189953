"""A fleet has one policy engine.

A policy is admitted by the forms that the engine evaluates as OPA does, so a worker with another
engine could read it in another way. The record of the policies names the engine and its level;
where workers of several engines are meant, all of them admit the common part alone
(``POLICY_PORTABLE``), and the record names none.
"""

from __future__ import annotations

from yoto.rooms.policies.engine.protocol import EngineName, LibraryName

# The level of each engine: raised by one with each release that admits more on it.
LEVELS: dict[EngineName | LibraryName, int] = {"regorus": 1, "regopy": 1, "opa": 1}


def record_of(evaluator: EngineName | LibraryName, portable: bool) -> str | None:
    """The record's name for an engine, such as ``regorus 1``; None where policies are portable."""
    return None if portable else f"{evaluator} {LEVELS[evaluator]}"


def fault_of(recorded: str | None, own: str | None) -> str:
    """Why a worker does not join the fleet, and the way round; empty: it joins.

    Args:
        recorded: the engine in the record; None: no engine.
        own: ``record_of`` the worker's engine.
    """
    if recorded is None or own is None:
        return ""
    name, _, level = recorded.partition(" ")
    own_name, _, own_level = own.partition(" ")
    if own_name == name and int(own_level) >= int(level):
        return ""
    remedy = (
        f"run {name} here, too"
        if own_name != name
        else "run the release of the other workers here, too"
    )
    return (
        f"the policies of this fleet are admitted by {name} (level {level}), and this worker runs "
        f"{own_name} (level {own_level}): {remedy}, or set YOTO_POLICY_PORTABLE=1 on all workers"
        " and run setup"
    )
