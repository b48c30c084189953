"""The objects of the campaign as they would be if one operation came after the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from proof.campaign.linearizable import Call


@dataclass(frozen=True)
class Register:
    """``write(value)`` and ``read() -> value``."""

    initial: Hashable = None

    def next(self, state: Any, call: Call) -> Sequence[Hashable]:
        if call.call == "write":
            return (call.argument,)
        return (state,) if call.value == state else ()

    def only_reads(self, call: Call) -> bool:
        return call.call == "read"


@dataclass(frozen=True)
class Counter:
    """``add(n) -> what it is then`` and ``read() -> what it is``."""

    initial: Hashable = 0

    def next(self, state: Any, call: Call) -> Sequence[Hashable]:
        after = state + call.argument if call.call == "add" else state
        return (after,) if not call.known or call.value == after else ()

    def only_reads(self, call: Call) -> bool:
        return call.call == "read"
