"""Publishes a warm-up's progress, often enough to watch and seldom enough for the event stream."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from yoto.events import Event, TaskFinished, TaskProgressed
from yoto.rooms.warm_up.warming.report import WarmUpReport

TASK = "warm_up"
# s between two events of one step, apart from its first and last.
EVENT_PAUSE = 1.0

# Called with a step's name, how much of it is done, and of how much.
StepProgress = Callable[[str, int, int], None]


class ProgressPublisher:
    """Passes one run's progress on.

    Args:
        watcher: called for every step of progress at once.
    """

    def __init__(
        self,
        task_id: str,
        publish: Callable[[Event], object] | None,
        watcher: StepProgress | None,
    ) -> None:
        self._task_id = task_id
        self._publish = publish
        self._watcher = watcher
        self._not_before = 0.0

    def begin(self, step: str) -> None:
        """A step begins."""
        self._not_before = 0.0
        self.progress(step, 0, 0)

    def progress(self, step: str, done: int, total: int) -> None:
        """A step has come so far."""
        if self._watcher is not None:
            self._watcher(step, done, total)
        now = monotonic()
        if self._publish is not None and (now >= self._not_before or done == total):
            self._not_before = now + EVENT_PAUSE
            self._publish(
                TaskProgressed(task_id=self._task_id, task=TASK, step=step, done=done, total=total)
            )

    def finish(self, report: WarmUpReport) -> None:
        """The run has ended."""
        if self._publish is not None:
            self._publish(
                TaskFinished(
                    task_id=self._task_id,
                    task=TASK,
                    success=report.success,
                    seconds=round(report.total_time, 3),
                    errors=report.errors,
                )
            )
