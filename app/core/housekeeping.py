"""Background work: small tasks, again and again, in one thread a purpose."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

# s until a task that raised is tried again.
RETRY_AFTER_FAILURE = 1.0
# A task says after how many seconds it wants to run again.
Task = Callable[[], float]


@dataclass(eq=False)
class _Job:
    name: str
    task: Task
    due: float = 0.0
    woken: bool = False
    failures: int = 0


class Housekeeper:
    """A daemon thread that runs tasks when they are due or woken.

    A task that raises is logged and counted and tried again; the others go on.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: list[_Job] = []
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def add(self, name: str, task: Task) -> Callable[[], None]:
        """Run ``task`` at once when the thread starts, then as it says.

        Returns:
            A callable that makes the task due now.
        """
        job = _Job(name, task)
        self._jobs.append(job)

        def wake() -> None:
            job.woken = True
            self._wake.set()

        return wake

    @property
    def failures(self) -> dict[str, int]:
        """How often each task raised."""
        return {job.name: job.failures for job in self._jobs}

    def start(self) -> None:
        """Start the thread if it does not run."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._stopped = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._stopped,), name=self.name, daemon=True
            )
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread and wait for it, at most ``timeout`` seconds."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopped.set()
            self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            self._wake.clear()
            for job in self._jobs:
                if (job.woken or job.due <= time.monotonic()) and not stopped.is_set():
                    self._run_job(job)
            next_due = min((job.due for job in self._jobs), default=float("inf"))
            self._wake.wait(min(max(0.0, next_due - time.monotonic()), threading.TIMEOUT_MAX))

    def _run_job(self, job: _Job) -> None:
        # Cleared before the task runs, so that a wake during it makes it run once more.
        job.woken = False
        try:
            pause = job.task()
        except Exception:
            job.failures += 1
            log.exception("%s: the task '%s' failed", self.name, job.name)
            pause = RETRY_AFTER_FAILURE
        job.due = time.monotonic() + pause
