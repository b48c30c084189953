"""Parts from higher layers that the warm-up is wired with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from yoto.events import Event

OK = "ok"


class ComponentState(NamedTuple):
    """The state of a component.

    Attributes:
        name: the component's name, such as ``redis``.
        state: ``"ok"``, ``"failed"`` or ``"unknown"``; only the first is good.
        detail: a sentence about it.
    """

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class WarmUpParts:
    """The parts that not every application has.

    Attributes:
        more: further steps by name, each describes what it did; an error is a failure.
        components: examines every component.
        publish: publishes an event.
        limit: the longest time of a step, in seconds.
    """

    more: Mapping[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    components: Callable[[], Sequence[ComponentState]] | None = None
    publish: Callable[[Event], object] | None = None
    limit: float = 60.0
