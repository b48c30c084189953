"""Worker processes for tests that take locks."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from tests.contract.optimization import contest
from tests.support.nursery import Nursery
from tests.support.workers import WorkerProcess, Workers, as_options, from_options
from yoto.errors import LockLost, StaleToken
from yoto.optimization import DistributedLocks, OptimizedDistributedLock
from yoto.redis import RedisConnection, RedisSettings


class Worker:
    """The worker's side."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.redis = RedisConnection(from_options(given))
        self.locks = DistributedLocks(self.redis)
        self.lock: OptimizedDistributedLock | None = None

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

    def contend(self, seconds: float, lease: float) -> None:
        """Take the lock again and again; see ``contest``."""
        redis = self.redis
        store = self.locks.fenced_store()
        lock = self.locks.create_lock(contest.LOCK, lease, 60.0)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(LockLost), lock:
                token = lock.token
                contest.tell(redis, "in", token)
                number = int(store.claim(contest.RESOURCE, token) or 0)
                contest.step_into_trap(redis, token)
                time.sleep(contest.WORK)
                try:
                    store.write(contest.RESOURCE, str(number + 1), token)
                except StaleToken:
                    contest.tell(redis, "refused", token)
                else:
                    contest.tell(redis, "wrote", token)


class LockWorkers(Workers):
    """Starts workers that take locks, and ends them."""

    def __init__(self, nursery: Nursery) -> None:
        super().__init__(nursery, __name__)

    def start_at(self, reach: RedisSettings, count: int) -> list[WorkerProcess]:
        """``count`` workers that share one Redis."""
        return [self.begin(as_options(reach)) for _ in range(count)]
