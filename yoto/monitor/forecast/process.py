"""A forecaster in a process of its own, with the interface of a local one."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable

import msgspec

from yoto.child import child_command, child_environment
from yoto.errors import StoreUnavailable

from ..history import Summary
from .forecaster import METRICS, LearnReport
from .metric import HISTORY, Anomaly, Drift, Forecast, NoForecast
from .snapshot import ForecastSnapshot, Told

_ANSWERING = "yoto.monitor.forecast.answering"
# s for a reply: a day of minutes takes a few, and loading the library takes one, but where every
# processor is busy this process comes last.
ANSWER_LIMIT = 240.0
# s that the process gets to end by itself.
END_LIMIT = 1.0


class ForecasterProcess:
    """Starts with the first minute that it is given. Safe for threads and greenlets.

    Its last snapshot is read from memory. A process that dies has forgotten everything: then
    ``learned_to`` is None again, and the next ``learn`` starts another.

    Attributes:
        closed: whether it was ended for good.
        said: the process's last snapshot.
    """

    def __init__(self) -> None:
        """No process is started yet."""
        self._child: subprocess.Popen[bytes] | None = None
        self._mutex = threading.Lock()
        self.closed = False
        self.said = ForecastSnapshot()

    @property
    def learned_to(self) -> int | None:
        """Epoch second at which the newest minute began that was learned; None before any."""
        return self.said.learned_to

    def learn(self, summaries: Iterable[Summary]) -> LearnReport:
        """See ``Forecaster.learn``; it waits for the process.

        Raises:
            StoreUnavailable: the process ended, took too long or was closed; all that it knew is
                lost.
        """
        told = Told(list(summaries))
        with self._mutex:
            new = [one for one in told.summaries if self._is_new(one)]
            if not new:
                silent = {name: one.reason for name, one in self.said.silent.items()}
                return LearnReport(len(told.summaries), 0, {}, tuple(self.said.offered), silent)
            self.said = self._ask(told)
        assert self.said.report is not None
        return self.said.report

    def forecasts(self) -> dict[str, Forecast | NoForecast]:
        """By metric, the forecast or the reason why there is none."""
        said = self.said
        if said.report is None:
            return {name: NoForecast(name, HISTORY, 0, None) for name in METRICS}
        return {**said.offered, **said.silent}

    def scores(self) -> dict[str, float | None]:
        """By metric, how surprising its last minute was; None: unknown."""
        return dict(self.said.scores)

    def anomalies(self) -> list[Anomaly]:
        """The latest of all metrics, oldest first."""
        return list(self.said.anomalies)

    def drifts(self) -> list[Drift]:
        """The latest of all metrics, oldest first."""
        return list(self.said.drifts)

    def rest(self) -> None:
        """End the process until there is something to learn; its state is forgotten."""
        with self._mutex:
            self._end()
            self.said = ForecastSnapshot()

    def close(self) -> None:
        """End the process for good; later calls find no forecasts."""
        self.closed = True
        while not self._mutex.acquire(timeout=END_LIMIT):
            # It would learn for no reader.
            if (child := self._child) is not None:
                child.kill()
        try:
            self._end()
            self.said = ForecastSnapshot()
        finally:
            self._mutex.release()

    def _is_new(self, summary: Summary) -> bool:
        return self.said.learned_to is None or summary.at > self.said.learned_to

    def _ask(self, told: Told) -> ForecastSnapshot:
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
            child.stdin.write(msgspec.json.encode(told) + b"\n")
            child.stdin.flush()
            return msgspec.json.decode(child.stdout.readline(), type=ForecastSnapshot)
        except (OSError, msgspec.MsgspecError) as error:
            raise self._lost(error) from error
        finally:
            timer.cancel()

    def _lost(self, error: Exception | None) -> StoreUnavailable:
        """The process has ended, and its state is to be learned anew."""
        self._end()
        self.said = ForecastSnapshot()
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
            # It has ended already, with something of ours unread.
            child.kill()
        child.wait()
        timer.cancel()
        child.stdout.close()
