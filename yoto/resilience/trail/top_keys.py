"""Who used a rate limit most, and who was refused most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .calls import LimitedCall, PlainKey


@dataclass(slots=True)
class KeyUse:
    """What one caller did in a stretch of time.

    Attributes:
        key: the caller as the limit knows it.
        passed, rejected: calls.
    """

    key: PlainKey
    passed: int = 0
    rejected: int = 0


def top_keys(calls: Sequence[LimitedCall], most: int) -> list[KeyUse]:
    """The callers with the most refusals, then with the most calls."""
    uses: dict[PlainKey, KeyUse] = {}
    for call in calls:
        if call.cost <= 0:
            continue
        use = uses.get(call.key)
        if use is None:
            use = uses[call.key] = KeyUse(call.key)
        if call.allowed:
            use.passed += 1
        else:
            use.rejected += 1
    return sorted(uses.values(), key=lambda use: (use.rejected, use.passed), reverse=True)[:most]
