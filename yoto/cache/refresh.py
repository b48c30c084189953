"""Background work of the cache: entries are renewed, each once at a time, and stored."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from time import monotonic
from typing import TypeAlias

log = logging.getLogger(__name__)

# s until a key whose task did not succeed is tried again.
RETRY_PAUSE = 1.0
# Tasks that wait for the thread; beyond that they are refused.
MAX_QUEUE = 1_000
# s without work after which the thread ends.
IDLE = 10.0

AppContextFactory: TypeAlias = Callable[[], AbstractContextManager[object]]


class Refresher:
    """One daemon thread, which lives while there is work."""

    def __init__(self, app_context_factory: AppContextFactory) -> None:
        """Each task runs within ``app_context_factory()``, such as an application context."""
        self._app_context_factory = app_context_factory
        self._changed = threading.Condition()
        self._tasks: deque[tuple[Hashable | None, Callable[[], bool]]] = deque()
        # The earliest time of the next task, by key; infinity while one is under way.
        self._not_before: dict[Hashable, float] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, key: Hashable | None, task: Callable[[], bool]) -> bool:
        """Run ``task`` soon, unless that is going on for ``key``, or failed a moment ago.

        Args:
            key: None: it waits for no other.
            task: returns whether it succeeded; its exceptions are logged.

        Returns:
            Whether the task was taken; not either when too many wait.
        """
        now = monotonic()
        if now < self._not_before.get(key, 0.0):
            return False
        with self._changed:
            if now < self._not_before.get(key, 0.0) or len(self._tasks) >= MAX_QUEUE:
                return False
            if key is not None:
                self._forget_old(now)
                self._not_before[key] = float("inf")
            self._tasks.append((key, task))
            if self._thread is None or not self._thread.is_alive():
                self._closed = False
                self._thread = threading.Thread(
                    target=self._run, name="yoto-cache-refresh", daemon=True
                )
                self._thread.start()
            self._changed.notify()
            return True

    def close(self, timeout: float = 1.0) -> None:
        """Drop the waiting tasks, and wait at most ``timeout`` seconds for the thread to end."""
        with self._changed:
            self._closed = True
            self._tasks.clear()
            self._not_before.clear()
            thread = self._thread
            self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._tasks and not self._closed:
                    self._changed.wait(IDLE)
                if not self._tasks:
                    self._thread = None
                    return
                key, task = self._tasks.popleft()
            done = self._do(task)
            with self._changed:
                if done:
                    self._not_before.pop(key, None)
                elif key is not None:
                    self._not_before[key] = monotonic() + RETRY_PAUSE

    def _do(self, task: Callable[[], bool]) -> bool:
        try:
            with self._app_context_factory():
                return task()
        except Exception:
            log.warning("a task of the cache failed in the background", exc_info=True)
            return False

    def _forget_old(self, now: float) -> None:
        if len(self._not_before) > 2 * MAX_QUEUE:
            for key in [key for key, moment in self._not_before.items() if moment <= now]:
                del self._not_before[key]
