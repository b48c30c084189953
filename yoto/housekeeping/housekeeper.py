"""Tasks that one part of an application has done in the background."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from yoto.housekeeping.clock import ClockPart, the_clock

log = logging.getLogger(__name__)

# s until a task that raised is tried again.
RETRY_AFTER_FAILURE = 1.0
# Tasks fall due at the same moments, so that the process wakes once for all of them: a little
# before they asked for it. Each process has its own moments, the coarsest of which a task takes
# that is early by no more than this part of its pause. Above a half, a task with a pause of a
# second reaches whole seconds within two runs, and is early no more.
STEPS = (1.0, 0.5, 0.25)
EARLY = 0.6
# Knuth's multiplicative hash (TAOCP 3, 6.4) spreads numbers that follow one another.
GOLDEN = (5**0.5 - 1) / 2
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
    """Runs tasks when they are due or woken, one at a time, by the clock of the process.

    A task that raises is logged and counted and tried again; the others go on. One that takes long
    holds up those of the same housekeeper, and no other's. They have no thread of their own: any
    free thread runs the next.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: list[_Job] = []
        self._lock = threading.Lock()
        self._part: ClockPart | None = None

    def add(self, name: str, task: Task) -> Callable[[], None]:
        """Run ``task`` at once after ``start``, then as it says.

        Returns:
            A callable that makes the task due now.
        """
        job = _Job(name, task)
        self._jobs.append(job)

        def wake() -> None:
            job.woken = True
            part = self._part
            if part is not None and part.clock is the_clock():
                part.clock.look(part)

        return wake

    @property
    def failures(self) -> dict[str, int]:
        """The number of errors of each task."""
        return {job.name: job.failures for job in self._jobs}

    @property
    def running(self) -> bool:
        """Whether it was started in this process and not stopped since."""
        part = self._part
        return part is not None and part.clock is the_clock()

    def start(self) -> None:
        """Run the tasks from now on, if they are not run already."""
        with self._lock:
            if not self.running:
                self._part = the_clock().begin(self)

    def stop(self, timeout: float = 1.0) -> None:
        """Run no more, and wait at most ``timeout`` seconds for the task that runs."""
        with self._lock:
            part, self._part = self._part, None
        if part is not None and part.clock is the_clock():
            part.clock.end(part, timeout)

    def due(self) -> float:
        """The monotonic time at which a task is due."""
        return min((0.0 if job.woken else job.due for job in self._jobs), default=inf)

    def run(self, part: ClockPart) -> None:
        """Run the tasks that are due."""
        for job in self._jobs:
            if (job.woken or job.due <= time.monotonic()) and not part.ended:
                self._run_job(job)

    def _run_job(self, job: _Job) -> None:
        # Cleared before the task runs, so that a wake during it makes it run once more.
        job.woken = False
        try:
            pause = job.task()
        except Exception:
            job.failures += 1
            log.exception("%s: the task '%s' failed", self.name, job.name)
            pause = RETRY_AFTER_FAILURE
        job.due = in_step(time.monotonic(), pause)


def in_step(now: float, pause: float) -> float:
    """The moment at which others, too, are due, and at most ``pause`` seconds from ``now``."""
    latest, offset = now + pause, os.getpid() * GOLDEN % 1
    for step in STEPS if pause < inf else ():
        moment = (latest - offset) // step * step + offset
        if latest - moment <= pause * EARLY:
            return moment
    return latest
