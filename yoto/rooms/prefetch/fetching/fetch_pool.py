"""Threads that load for prefetching, so that a load that hangs holds up nothing else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from yoto.housekeeping import Housekeeper

# s until a lane looks for work without being notified.
IDLE = 60.0


class FetchPool:
    """So many daemon threads; no work waits for a busy one."""

    def __init__(self, count: int) -> None:
        """No thread starts before the first work."""
        self.count = count
        self._jobs: deque[Callable[[], None]] = deque()
        self._free = count
        self._lock = threading.Lock()
        self._keepers = [Housekeeper(f"yoto-prefetch-load-{number}") for number in range(count)]
        self._wakes = [keeper.add("load", self._work) for keeper in self._keepers]

    @property
    def free(self) -> int:
        """The number of loads that could begin at once."""
        return self._free

    def submit(self, job: Callable[[], None]) -> bool:
        """Run ``job``, which does not raise, in a free thread; False: there is none."""
        with self._lock:
            if self._free < 1:
                return False
            self._free -= 1
            self._jobs.append(job)
        for keeper, wake in zip(self._keepers, self._wakes, strict=True):
            keeper.start()
            wake()
        return True

    def close(self) -> None:
        """End the threads as soon as they are free; a later job starts them again."""
        for keeper in self._keepers:
            keeper.stop()

    def _work(self) -> float:
        while True:
            with self._lock:
                if not self._jobs:
                    return IDLE
                job = self._jobs.popleft()
            try:
                job()
            finally:
                with self._lock:
                    self._free += 1
