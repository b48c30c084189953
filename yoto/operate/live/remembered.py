"""One result for all callers at about the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Calls ``find`` at most once in ``seconds``, and never twice at once; errors are not kept."""

    def __init__(self, find: Callable[[], T], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[T, float] | None = None

    def __call__(self) -> T:
        """The result, at most ``seconds`` old; raises as ``find``."""
        asked = time.monotonic()
        with self._lock:
            # A caller who waited for the lock takes the result that was found meanwhile.
            if self._found is None or self._found[1] <= asked:
                self._found = (self._find(), time.monotonic() + self._seconds)
            return self._found[0]
