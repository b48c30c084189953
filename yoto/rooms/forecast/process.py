"""A forecaster in a process of its own, with the interface of a local one."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable

import msgspec

from yoto.child import child_command, child_environment
from yoto.errors import StoreUnavailable
from yoto.monitor.summary import Summary

from .forecaster import METRICS, LearnReport
from .metric import HISTORY, Anomaly, Drift, Forecast, NoForecast
from .snapshot import ForecastSnapshot, LearnRequest

_ANSWERING = "yoto.rooms.forecast.answering"
# s for a reply: a day of minutes takes a few, and loading the library takes one, but on a busy
# machine this process has the lowest priority.
ANSWER_LIMIT = 240.0
# s for the process to end by itself.
END_LIMIT = 1.0


class ForecasterProcess:
    """A forecaster in a child process, started with the first minute to learn. Safe for threads and
    greenlets.

    Its last snapshot is read from memory. A process that dies loses its state: then ``learned_to``
    is None again, and the next ``learn`` starts another.

    Attributes:
        closed: whether it was ended for good.
        said: the process's last snapshot.
    """

    def __init__(self) -> None:
        """No process is started yet."""
        self._child: subprocess.Popen[bytes] | None = None
        self._mutex = threading.Lock()
        self.closed = False
        self.snapshot = ForecastSnapshot()

    @property
    def learned_to(self) -> int | None:
        """Epoch second at which the newest minute began that was learned; None before any."""
        return self.snapshot.learned_to

    def learn(self, summaries: Iterable[Summary]) -> LearnReport:
        """See ``Forecaster.learn``; it waits for the process.

        Raises:
            StoreUnavailable: the process ended, took too long or was closed; its state is lost.
        """
        request = LearnRequest(list(summaries))
        with self._mutex:
            new = [one for one in request.summaries if self._is_new(one)]
            if not new:
                silent = {name: one.reason for name, one in self.snapshot.silent.items()}
                return LearnReport(
                    len(request.summaries), 0, {}, tuple(self.snapshot.offered), silent
                )
            self.snapshot = self._ask(request)
        assert self.snapshot.report is not None
        return self.snapshot.report

    def forecasts(self) -> dict[str, Forecast | NoForecast]:
        """By metric, the forecast or the reason why there is none."""
        snapshot = self.snapshot
        if snapshot.report is None:
            return {name: NoForecast(name, HISTORY, 0, None) for name in METRICS}
        return {**snapshot.offered, **snapshot.silent}

    def scores(self) -> dict[str, float | None]:
        """The score (surprise) of the last minute, by metric; None: unknown."""
        return dict(self.snapshot.scores)

    def anomalies(self) -> list[Anomaly]:
        """The latest ones of all metrics, oldest first."""
        return list(self.snapshot.anomalies)

    def drifts(self) -> list[Drift]:
        """The latest ones of all metrics, oldest first."""
        return list(self.snapshot.drifts)

    def rest(self) -> None:
        """End the process until there is something to learn; its state is forgotten."""
        with self._mutex:
            self._end()
            self.snapshot = ForecastSnapshot()

    def close(self) -> None:
        """End the process for good; later calls find no forecasts."""
        self.closed = True
        while not self._mutex.acquire(timeout=END_LIMIT):
            # Its reply would have no reader.
            if (child := self._child) is not None:
                child.kill()
        try:
            self._end()
            self.snapshot = ForecastSnapshot()
        finally:
            self._mutex.release()

    def _is_new(self, summary: Summary) -> bool:
        return self.snapshot.learned_to is None or summary.at > self.snapshot.learned_to

    def _ask(self, request: LearnRequest) -> ForecastSnapshot:
        if self.closed or (self._child is not None and self._child.poll() is not None):
            raise self._lost(None)
        if self._child is None:
            self._child = subprocess.Popen(
                child_command(_ANSWERING),
                env=child_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        child = self._child
        assert child.stdin is not None and child.stdout is not None
        timer = threading.Timer(ANSWER_LIMIT, child.kill)
        timer.start()
        try:
            child.stdin.write(msgspec.json.encode(request) + b"\n")
            child.stdin.flush()
            return msgspec.json.decode(child.stdout.readline(), type=ForecastSnapshot)
        except (OSError, msgspec.MsgspecError) as error:
            raise self._lost(error) from error
        finally:
            timer.cancel()

    def _lost(self, error: Exception | None) -> StoreUnavailable:
        """Forget the process, which has ended, so that its state is learned anew."""
        self._end()
        self.snapshot = ForecastSnapshot()
        return StoreUnavailable("forecaster", error)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None and child.stdout is not None
        timer = threading.Timer(END_LIMIT, child.kill)
        timer.start()
        try:
            child.stdin.close()
        except OSError:
            # The process has ended already, and did not read all of our input.
            child.kill()
        child.wait()
        timer.cancel()
        child.stdout.close()
