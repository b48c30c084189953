"""Metrics of single policies, which are evaluated together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.policy.metrics.complexity import Complexity

_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`([^`]*)`')


@dataclass(frozen=True, slots=True)
class PolicyMetrics:
    """One policy as part of the set.

    Attributes:
        version: its number.
        evaluations: evaluations of the set since this process loaded this version.
        denies: denials since then that name a code which its source contains, by code.
        complexity: its size.
        latency: what it adds to an evaluation of the set, as ``LatencyHistogram.to_plain``; None
            while nobody has measured that.
    """

    name: str
    version: int
    evaluations: int
    denies: Mapping[str, int]
    complexity: Complexity
    latency: Mapping[str, Any] | None


def literals_of(source: str) -> frozenset[str]:
    """The texts that stand in a Rego source."""
    return frozenset(plain or raw for plain, raw in _LITERAL.findall(source))


def policies_of_code(code: str, literals: Mapping[str, frozenset[str]]) -> list[str]:
    """The policies that can give ``code``: those whose source contains it.

    Rego does not say which of the rules of a set gave a value, and a code that is put together at
    run time belongs to none.
    """
    return [name for name, found in literals.items() if code in found]
