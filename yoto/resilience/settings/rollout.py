"""Values of a guard that one worker tries before all have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yoto.rules import Checked, Number, Settings, Text, Whole, ruled

LONGEST_WORKER = 128  # characters of a worker's id


def _values(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be an object of fields")
    return dict(value)


@dataclass(frozen=True)
class RolloutConfig(Settings):
    """An entry ``rollout`` is named as what it is about: ``rate_limit:message.send``.

    Attributes:
        worker: the id of the process in which the values hold meanwhile.
        values: all that operators would set on the entry.
        version: the entry's version that the values were made from.
        seconds: how long they are tried before every worker has them.
        minimum_calls: calls of that worker without which nothing is concluded.
        max_rejected: the highest share of its calls that the guard may reject, 0 to 1.
        max_failed: the highest share of the admitted ones that may fail, 0 to 1.
    """

    worker: str = ruled("", Text(LONGEST_WORKER))
    values: Mapping[str, Any] = ruled(None, Checked(lambda one: _values(one or {}), "fields"))
    version: int = ruled(0, Whole(0, 2**31 - 1))
    seconds: float = ruled(300.0, Number(1.0, 86_400.0, "s"))
    minimum_calls: int = ruled(20, Whole(1, 1_000_000, "calls"))
    max_rejected: float = ruled(0.05, Number(0.0, 1.0))
    max_failed: float = ruled(0.05, Number(0.0, 1.0))
