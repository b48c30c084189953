"""Worker processes that decide by policies, with one database and one Redis."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from app import create_app
from app.extensions import policy
from tests.support.nursery import Nursery
from tests.support.small_policies import question
from tests.support.workers import Workers

THREADS = 2
DENIED = 10_000


class Worker:
    """The worker's side: threads that decide without pause, from ``begin`` to ``end``."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.app = create_app(given["config"], instance_path=given["instance"])
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    def ready(self) -> str | None:
        """The version of the set in service."""
        policy.of(self.app).ready()
        with self.app.app_context():
            return policy.status().version

    def begin(self) -> bool:
        """Start to decide."""
        self._threads = [threading.Thread(target=self._decide) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()
        return True

    def end(self) -> Any:
        """Decisions by ``version|reasons``, and when each was given last (wall time)."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return dict(self._seen), self._last

    def decide(self, number: int) -> Any:
        """Decide once: whether it is allowed, and the reasons."""
        with self.app.app_context():
            decision = policy.evaluate(question(number))
        return decision.allow, decision.reasons

    def state(self) -> Any:
        """Version in service, revision wanted, and why it is not loaded."""
        with self.app.app_context():
            status = policy.status()
        return status.version, status.loading.wanted, status.loading.error

    def _decide(self) -> None:
        while not self._stop.is_set():
            with self.app.app_context():
                decision = policy.evaluate(question(DENIED))
            key = f"{decision.version}|{','.join(decision.reasons)}|{decision.allow}"
            with self._lock:
                self._seen[key] += 1
                self._last[key] = time.time()


class PolicyWorkers(Workers):
    """Starts workers of one application."""

    def __init__(self, nursery: Nursery) -> None:
        super().__init__(nursery, __name__)
