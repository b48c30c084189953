"""Findings of a model on the operations that it judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from proof.campaign.history import Effect, Fault, Operation


@dataclass
class Finding:
    """The verdict of one model.

    Attributes:
        violations: each broken promise, explained by the operations that show it.
        falsifiable: of the checks, those of which some answer would have been a violation.
        undecided: keys that could not be judged in time, which is no success.
        worst: by name, the worst that was seen of what has a bound, with its unit in the name.
        excused: how often an exception that the guides document explained what was seen.
    """

    model: str
    operations: int = 0
    unknown: int = 0
    falsifiable: int = 0
    violations: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    worst: dict[str, float] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, model: str, operations: Sequence[Operation]) -> Finding:
        unknown = sum(operation.outcome == "unknown" for operation in operations)
        return cls(model, len(operations), unknown)

    @property
    def holds(self) -> bool:
        return not self.violations and not self.undecided

    def saw(self, name: str, value: float) -> None:
        self.worst[name] = max(self.worst.get(name, value), value)

    def excuse(self, reason: str) -> None:
        self.excused[reason] = self.excused.get(reason, 0) + 1


Judge = Callable[[Sequence[Operation], Sequence[Fault]], Finding]


def by_key(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """The operations of each key, in the order of their beginnings."""
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.key, []).append(operation)
    return found


def with_effect(faults: Iterable[Fault], effect: Effect) -> list[Fault]:
    return [fault for fault in faults if effect in fault.effects]


def shown(operation: Operation) -> str:
    """An operation in one line."""
    end = "?" if operation.returned is None else f"{operation.returned:.3f}"
    said = operation.value if operation.outcome == "ok" else operation.error
    asked = "" if operation.argument is None else f" {operation.argument}"
    return (
        f"[{operation.invoked:.3f}, {end}] {operation.client}: {operation.call} "
        f"{operation.key}{asked} -> {operation.outcome} {said}"
    )
