"""What the warm-up is given when it is wired, since it lives in higher layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from yoto.events import Event

OK = "ok"


class ComponentState(NamedTuple):
    """How a component is.

    Attributes:
        name: such as ``redis``.
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
        forecaster: loads the forecaster's history and tells about it; what it raises is a failure.
        components: examines every component.
        publish: tells others of an event.
        limit: seconds that a step may take.
    """

    forecaster: Callable[[], Mapping[str, Any]] | None = None
    components: Callable[[], Sequence[ComponentState]] | None = None
    publish: Callable[[Event], object] | None = None
    limit: float = 60.0
