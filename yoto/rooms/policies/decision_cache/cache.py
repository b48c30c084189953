"""A bounded store of verdicts."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from cachebox import LRUCache

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
