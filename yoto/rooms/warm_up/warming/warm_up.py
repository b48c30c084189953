"""The warm-up of one application."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from functools import partial

from flask import Flask

from yoto.errors import AlreadyRunning
from yoto.rooms.warm_up.preloading import Preloading
from yoto.rooms.warm_up.warming.report import (
    CACHE,
    SYSTEM,
    TASK,
    ProgressPublisher,
    StepProgress,
    WarmUpReport,
)
from yoto.rooms.warm_up.warming.steps import (
    IsolatedStep,
    WarmUpParts,
    cache_step,
    further_step,
    system_step,
)

log = logging.getLogger(__name__)


class WarmUp:
    """Runs the steps one after the other, each isolated; one run a process at a time.

    Attributes:
        latest: the present or the last run; None: there was none.
    """

    def __init__(self, app: Flask, preloading: Preloading | None, parts: WarmUpParts) -> None:
        """Nothing runs yet."""
        self._parts = parts
        steps = {
            CACHE: cache_step(preloading),
            **{name: further_step(work) for name, work in parts.more.items()},
            SYSTEM: system_step(parts),
        }
        self._steps = [(name, IsolatedStep(app, name, step)) for name, step in steps.items()]
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.latest: WarmUpReport | None = None

    def run(self, watcher: StepProgress | None = None) -> WarmUpReport:
        """Warm up, and return when that is done.

        Args:
            watcher: called with a step's name, how much of it is done, and of how much. It is
                called in other threads, and must not raise.

        Raises:
            AlreadyRunning: a warm-up goes on in this process.
        """
        report, work = self._begin(watcher)
        work()
        return report

    def run_in_background(self, watcher: StepProgress | None = None) -> WarmUpReport:
        """Begin to warm up; the report fills, and ``wait`` waits for it. Raises as ``run``."""
        report, work = self._begin(watcher)
        self._thread = threading.Thread(target=work, name="yoto-warm-up", daemon=True)
        self._thread.start()
        return report

    def close(self, timeout: float = 2.0) -> None:
        """End the running warm-up, and wait at most ``timeout`` seconds for its end."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _begin(self, watcher: StepProgress | None) -> tuple[WarmUpReport, Callable[[], None]]:
        with self._mutex:
            running = self.latest
            if running is not None and not running.finished:
                raise AlreadyRunning(TASK, running.task_id)
            self._stop = threading.Event()
            report = self.latest = WarmUpReport(
                secrets.token_hex(8), [name for name, _ in self._steps]
            )
        publisher = ProgressPublisher(report.task_id, self._parts.publish, watcher)
        return report, partial(self._work, report, publisher, self._stop)

    def _work(
        self, report: WarmUpReport, publisher: ProgressPublisher, stop: threading.Event
    ) -> None:
        try:
            for name, step in self._steps:
                if stop.is_set():
                    break
                publisher.begin(name)
                progress = partial(publisher.progress, name)
                report.steps[name] = step.run(self._parts.limit, progress, stop)
        finally:
            report.finish()
        publisher.finish(report)
        level = logging.INFO if report.success else logging.WARNING
        log.log(level, "warm-up in %.1f s: %s", report.total_time, _summary(report))


def _summary(report: WarmUpReport) -> str:
    cache = report.steps.get(CACHE)
    loaded = cache.details.get("loaded", 0) if cache is not None else 0
    return "; ".join([f"{loaded} entries loaded", *report.errors])
