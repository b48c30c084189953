"""Verdicts that need no second evaluation: what identifies an input, and the cache by it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from cachebox import LRUCache

from yoto.rooms.policies.rego.heads import EVERYTHING
from yoto.rooms.policies.result import Verdict


class _Slot(NamedTuple):
    verdict: Verdict
    until: float


class DecisionCache:
    """Verdicts by version of the set and key. Safe for threads.

    Attributes:
        seconds: the longest that any verdict is given again; may be changed at any time.
    """

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        """``size`` is a number of verdicts, ``seconds`` 0 stores none."""
        self.seconds = seconds
        self._clock = clock
        self._slots: LRUCache[tuple[str, str], _Slot] = LRUCache(size)

    def get(self, version: str, key: str) -> Verdict | None:
        """The verdict, while it holds."""
        slot = self._slots.get((version, key))
        return slot.verdict if slot is not None and self._clock() < slot.until else None

    def put(self, version: str, key: str, verdict: Verdict, holds: float) -> None:
        """Keep a verdict for ``holds`` seconds, at most for ``self.seconds``."""
        seconds = min(holds, self.seconds)
        if seconds > 0:
            self._slots.insert((version, key), _Slot(verdict, self._clock() + seconds))

    def clear(self) -> None:
        """Forget all."""
        self._slots.clear()

    def __len__(self) -> int:
        return len(self._slots)


# From an input path, such as ``"context.time"``, to the seconds for which a verdict may be reused
# that was made from its value; None: unknown. Values of other paths are part of the cache key.
Validity: TypeAlias = Mapping[str, float | None]

# Builtins that give another value at the next call with the same input, since they read a clock, by
# the ends of their names. Policies may not call others (``yoto.rooms.policies.sources.FORBIDDEN``).
_CLOCK = re.compile(r"\b(?:now_ns|decode_verify|parse_and_verify_certificates\w*)\b")


@dataclass(frozen=True, slots=True)
class CachePlan:
    """The input paths that a set of policies reads, outermost alone, split at their dots."""

    paths: tuple[tuple[str, ...], ...]

    def key(self, document: Mapping[str, Any], valid_for: Validity) -> tuple[str, float] | None:
        """The cache key of a decision, and how long it holds, in seconds (may be inf).

        A value that changes by itself is left out of the key: the time that it is valid for is part
        of the result. None: the decision must not be given again.

        Raises:
            ValueError, TypeError: the document is no JSON data.
        """
        limits = [(tuple(path.split(".")), seconds) for path, seconds in valid_for.items()]
        holds = math.inf
        kept: list[Any] = []
        for path in self.paths:
            found = _inner(document, path)
            covered = False
            for limit, seconds in limits:
                inside = path[: len(limit)] == limit
                if not inside and limit[: len(path)] != path:
                    continue
                if seconds is None or not seconds > 0:
                    return None
                holds = min(holds, seconds)
                if inside:
                    covered = True
                else:
                    found = _without(found, limit[len(path) :])
            if not covered:
                kept.append(found)
        return json.dumps(kept, sort_keys=True, allow_nan=False), holds


def plan_for(reads: Iterable[str], sources: Iterable[str]) -> CachePlan | None:
    """The cache plan for decisions of policies; None: they must not be cached.

    Args:
        reads: dotted input paths that they read, or ``"*"``.
        sources: their Rego; a source that reads a clock must be evaluated each time.
    """
    paths = {tuple(path.split(".")) for path in reads}
    if (EVERYTHING,) in paths or any(_CLOCK.search(source) for source in sources):
        return None
    outermost = {
        path for path in paths if not any(path[:cut] in paths for cut in range(1, len(path)))
    }
    return CachePlan(tuple(sorted(outermost)))


def _inner(value: Any, path: tuple[str, ...]) -> list[Any]:
    """The value at ``path`` in a list, or an empty list: missing is not null."""
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return []
        value = value[part]
    return [value]


def _without(found: list[Any], path: tuple[str, ...]) -> list[Any]:
    """A copy of the result of ``_inner``, without the value at ``path``."""
    if not found or not isinstance(found[0], Mapping):
        return found
    head, *rest = path
    copy = dict(found[0])
    if head in copy:
        inner = _without([copy[head]], tuple(rest)) if rest else []
        if inner:
            copy[head] = inner[0]
        else:
            del copy[head]
    return [copy]
