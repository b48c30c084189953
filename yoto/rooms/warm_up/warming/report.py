"""The report of a warm-up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from yoto.events import Event, TaskFinished, TaskProgressed

CACHE, SYSTEM = "cache_warmup", "system_warmup"


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step.

    Attributes:
        success: whether it did all of its work; an unknown state is no success.
        time: seconds.
        details: its work, or why there was none.
        error: the error, in words; None with success.
    """

    success: bool
    time: float
    details: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """The report as JSON values, the error among the details."""
        details = (
            dict(self.details) if self.error is None else {**self.details, "error": self.error}
        )
        return {"success": self.success, "time": round(self.time, 3), "details": details}


class WarmUpReport:
    """A warm-up, whole once ``finished``; one that runs in the background fills it as it goes.

    Attributes:
        task_id: names the run in events.
        steps: the steps that have ended, by name, in their order.
    """

    def __init__(self, task_id: str, names: Sequence[str]) -> None:
        """``names``: those of all steps, in their order."""
        self.task_id = task_id
        self._names = tuple(names)
        self.steps: dict[str, StepReport] = {}
        self._began = monotonic()
        self._took: float | None = None
        self._done = threading.Event()

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self._done.is_set()

    @property
    def total_time(self) -> float:
        """Seconds that it took, or has taken by now."""
        return monotonic() - self._began if self._took is None else self._took

    @property
    def success(self) -> bool:
        """Whether every step was a success; not before the end."""
        return self.finished and all(
            name in self.steps and self.steps[name].success for name in self._names
        )

    @property
    def errors(self) -> list[str]:
        """The errors, each with its step."""
        return [f"{name}: {step.error}" for name, step in self.steps.items() if step.error]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most ``timeout`` seconds for the end; whether it came."""
        return self._done.wait(timeout)

    def finish(self) -> None:
        """End the report: nothing more is added."""
        self._took = monotonic() - self._began
        self._done.set()

    def to_plain(self) -> dict[str, Any]:
        """The report as JSON values; a step that has not ended is None."""
        plain: dict[str, Any] = dict.fromkeys(self._names)
        for name, step in self.steps.items():
            plain[name] = step.to_plain()
        return plain | {
            "total_time": round(self.total_time, 3),
            "success": self.success,
            "errors": self.errors,
        }


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
