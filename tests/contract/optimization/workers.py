"""Worker processes for tests that take locks. Run as a program, this module is the worker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from app.core.errors import LockLost
from app.core.optimization import DistributedLocks, OptimizedDistributedLock
from app.core.redis import RedisConnection, RedisSettings
from tests.support.workers import (
    WorkerProcess,
    Workers,
    as_options,
    from_options,
    obey,
    options,
)


class Worker:
    """The worker's side."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.locks = DistributedLocks(RedisConnection(from_options(given)))
        self.lock: OptimizedDistributedLock | None = None

    def ready(self) -> bool:
        """Answer, once imports are done."""
        return True

    def take(self, key: str, timeout: float, wait: float) -> int | None:
        """Take a lock and keep it; its token."""
        self.lock = self.locks.create_lock(key, timeout, wait)
        return self.lock.token if self.lock.acquire() else None

    def check(self) -> bool:
        """Whether the lock is held for sure."""
        assert self.lock is not None
        return self.lock.held

    def give(self) -> str:
        """Give it back."""
        assert self.lock is not None
        try:
            self.lock.release()
        except LockLost:
            return "lost"
        return "given back"

    def count(self, key: str, path: str, times: int) -> list[float]:
        """Add 1 to the number in a file, ``times`` times, under a lock; the times waited."""
        lock = self.locks.create_lock(key, 5.0, 60.0)
        waits = []
        for _ in range(times):
            began = time.monotonic()
            with lock:
                waits.append(time.monotonic() - began)
                file = Path(path)
                number = int(file.read_text())
                time.sleep(0.002)
                file.write_text(str(number + 1))
        return waits


class LockWorkers(Workers):
    """Starts workers that take locks."""

    def __init__(self) -> None:
        super().__init__(__name__)

    def start_at(self, reach: RedisSettings, count: int) -> list[WorkerProcess]:
        """``count`` workers that share one Redis."""
        return self.start(count, as_options(reach))


if __name__ == "__main__":
    obey(Worker(options()))
