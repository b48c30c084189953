"""Counts decisions by roles alone, where policies gave no verdict and that is allowed."""

from __future__ import annotations

import threading
from collections import Counter


class PolicyFailures:
    """Counts of one process, by permission. Safe for threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, permission: str) -> None:
        """Count one decision."""
        with self._lock:
            self._counts[permission] += 1

    def counts(self) -> dict[str, int]:
        """Decisions by permission, since the process started."""
        with self._lock:
            return dict(self._counts)
