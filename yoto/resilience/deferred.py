"""One thread a process for jobs that are not urgent, but soon due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from .process import current_pid

log = logging.getLogger(__name__)

# Seconds for which the thread stays when there is nothing to do.
IDLE = 1.0

# Returns the seconds until it wants to run again; ``None``: when asked to.
Job: TypeAlias = Callable[[], float | None]


class Deferred:
    """Runs jobs when they are due. Starts its thread with the first and ends it when there has been
    none for a while. Safe for threads and greenlets.

    It is no ``Housekeeper``: the clock of those may be 20 ms late, four times as long as the end of
    a call may wait here for being sent.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._pid = current_pid()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._due: dict[Job, float] = {}
        self._thread: threading.Thread | None = None
        self._sleeps_until = 0.0

    def job(self, job: Job) -> Callable[[float], None]:
        """A function that makes ``job`` run within so many seconds, if it is not due sooner."""

        def within(seconds: float) -> None:
            if self._pid != current_pid():
                # Threads do not survive a fork, and the parent's work is the parent's.
                self._reset()
            at = time.monotonic() + seconds
            if at >= self._due.get(job, at + 1):
                return
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="yoto-deferred", daemon=True)
                    # Without a free thread now, the next job tries again.
                    thread.start()
                    self._thread = thread
                self._due[job] = at
                if at < self._sleeps_until:
                    self._wake.set()

        return within

    def close(self, timeout: float = IDLE) -> None:
        """Run jobs that are due once more, and end the thread; a later job starts it again."""
        with self._lock:
            due, self._due = dict(self._due), {}
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        if self._pid == current_pid():
            self._do(due)

    def _run(self) -> None:
        while True:
            self._wake.wait(self._pause())
            self._wake.clear()
            now = time.monotonic()
            with self._lock:
                due = {job: at for job, at in self._due.items() if at <= now}
                for job in due:
                    del self._due[job]
                if not self._due and not due:
                    self._thread = None
                    return
            for job, again in self._do(due).items():
                if again is not None:
                    with self._lock:
                        self._due.setdefault(job, time.monotonic() + again)

    def _pause(self) -> float:
        now = time.monotonic()
        with self._lock:
            self._sleeps_until = min(self._due.values(), default=now + IDLE)
        return max(0.0, self._sleeps_until - now)

    @staticmethod
    def _do(jobs: Mapping[Job, float]) -> dict[Job, float | None]:
        again: dict[Job, float | None] = {}
        for job in jobs:
            try:
                again[job] = job()
            except Exception:
                log.exception("deferred work failed; it is tried again when it is asked for")
        return again
