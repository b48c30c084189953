"""The bulkhead of one process: its holders, and admission while Redis is unavailable."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class LocalBulkhead:
    """Counts this process's holders by partition, however they came in.

    Waiters enter in the order of their coming.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside: dict[str, set[str]] = {}
        self._queues: dict[str, deque[str]] = {}
        self._sleepers = 0

    def held(self, partition: str = "") -> int:
        """Holders in this process."""
        return len(self._inside.get(partition, ()))

    def inside(self) -> int:
        """Holders in this process, of all partitions."""
        with self._changed:
            return sum(map(len, self._inside.values()))

    def waiting(self, partition: str = "") -> int:
        """The callers that wait in ``enter``."""
        return len(self._queues.get(partition, ()))

    def note(self, partition: str, request: str) -> None:
        """Note a holder that Redis admitted."""
        with self._lock:
            self._inside.setdefault(partition, set()).add(request)

    def enter(self, partition: str, request: str, cap: int, timeout: float = 0.0) -> bool:
        """Admit a holder if fewer than ``cap`` are inside, waiting up to ``timeout`` seconds."""
        with self._changed:
            queue = self._queues.get(partition)
            if not queue and self.held(partition) < cap:
                self._inside.setdefault(partition, set()).add(request)
                return True
            if timeout <= 0 or cap == 0:
                return False
            return self._wait(partition, request, cap, timeout)

    def leave(self, partition: str, request: str) -> bool:
        """A holder is gone, and the next one may come; whether one waits in ``enter``."""
        with self._lock:
            inside = self._inside.get(partition)
            if inside is not None:
                inside.discard(request)
                if not inside:
                    del self._inside[partition]
            self._wake_up()
            return partition in self._queues

    def sleep(self, timeout: float) -> None:
        """Wait until a holder of this process leaves, at most ``timeout`` seconds."""
        with self._changed:
            self._sleepers += 1
            try:
                self._changed.wait(timeout)
            finally:
                self._sleepers -= 1

    def wake_up(self) -> None:
        """End every ``sleep``: there may be room in Redis."""
        if self._sleepers:
            with self._changed:
                self._wake_up()

    def _wake_up(self) -> None:
        if self._sleepers or self._queues:
            self._changed.notify_all()

    def _wait(self, partition: str, request: str, cap: int, timeout: float) -> bool:
        queue = self._queues.setdefault(partition, deque())
        queue.append(request)
        deadline = self._clock() + timeout
        try:
            while queue[0] != request or self.held(partition) >= cap:
                left = deadline - self._clock()
                if left <= 0:
                    return False
                self._changed.wait(left)
            self._inside.setdefault(partition, set()).add(request)
            return True
        finally:
            queue.remove(request)
            if not queue:
                del self._queues[partition]
            self._wake_up()
