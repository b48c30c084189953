"""Keeps the counts of single policies from one load to the next."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yoto.rooms.policies.metrics.histogram import LatencyHistogram
from yoto.rooms.policies.metrics.per_policy import (
    Complexity,
    PolicyMetrics,
    codes_of,
    policies_of_code,
)


@dataclass
class _Line:
    version: int
    codes: re.Pattern[str]
    denies: Counter[str] = field(default_factory=Counter)


class PolicyLedger:
    """Counts of the policies in service. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}

    def loaded(self, versions: Mapping[str, int], sources: Mapping[str, str]) -> None:
        """Take note of a set that was loaded.

        A policy of the same version goes on counting; anything else begins anew.
        """
        lines = {name: _Line(versions[name], codes_of(source)) for name, source in sources.items()}
        with self._lock:
            for name, line in self._lines.items():
                if name in lines and lines[name].version == line.version:
                    lines[name] = line
            self._lines = lines

    def denied(self, codes: Sequence[str]) -> None:
        """Count a denial."""
        with self._lock:
            given = {name: line.codes for name, line in self._lines.items()}
            for code in codes:
                for name in policies_of_code(code, given):
                    self._lines[name].denies[code] += 1

    def read(
        self,
        complexity: Mapping[str, Complexity],
        latency: Mapping[str, LatencyHistogram],
    ) -> dict[str, PolicyMetrics]:
        """The metrics of each policy.

        Args:
            latency: the time that each adds to an evaluation, where it was measured.
        """
        with self._lock:
            return {
                name: PolicyMetrics(
                    name=name,
                    version=line.version,
                    denies=dict(line.denies),
                    complexity=complexity.get(name, Complexity(None, None, 0)),
                    latency=latency[name].to_plain() if name in latency else None,
                )
                for name, line in self._lines.items()
            }
