"""The monitor of one application: records, flushes once a second, and reads back."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from time import monotonic

from yoto.errors import ValidationFailed
from yoto.housekeeping import Housekeeper
from yoto.rules import ABOVE_0, Number, checked

from . import metric_names as names
from .backends import Backend, BackendHealth, PrometheusBackend, Reading, WorkerStatus
from .history import COARSE, FINE, RESOLUTIONS, Resolution
from .process import SharedMemory, process_samples
from .recording import Recorder
from .series_names import Series, series
from .sources import LOOK_EVERY, PolledCollector, Source, Sources
from .summary import Summary, summarise

FLUSH_INTERVAL = 1.0  # s
_REFUSED = series(names.SERIES_REFUSED, {"by": "process"})
MOST_HOURS = COARSE.keep / 3600


class Monitoring:
    """The ``monitor`` of an application. Safe for threads and greenlets.

    Attributes:
        recorder: makes counters, gauges and histograms.
        backend: stores the measurements.
        prometheus: exports them to Prometheus.
    """

    def __init__(self, backend: Backend, interval: float = FLUSH_INTERVAL) -> None:
        """Nothing connects and no thread starts.

        Args:
            interval: seconds between flushes.
        """
        self.recorder = Recorder()
        self.backend = backend
        self.prometheus = PrometheusBackend(backend)
        self._interval = interval
        self._sources = Sources()
        self._sources.add("process", process_samples)
        self._delay = self.recorder.histogram(names.DELAY)
        self._flush_time = self.recorder.histogram(names.FLUSH_TIME)
        self._flushing = threading.Lock()
        self._flushed_at: float | None = None
        self._due: float | None = None
        self._refused = 0
        self._thread = Housekeeper("yoto-monitor")
        self._thread.add("flush", self._turn)
        self._collectors = Housekeeper("yoto-monitor-looks")
        self._running_in: int | None = None
        self.add_source("memory", SharedMemory())

    def add_source(self, name: str, source: Source) -> None:
        """Call ``source`` at each flush; it must be quick and use no server."""
        self._sources.add(name, source)

    def add_slow_source(self, name: str, source: Source, every: float = LOOK_EVERY) -> None:
        """Call ``source``, which may use servers, in another thread while the monitor runs.

        Each flush records its last result; while it fails, or does not return, there is none.

        Args:
            every: seconds between two calls.
        """
        slow = PolledCollector(source, every)
        self._sources.add(name, slow)
        self._collectors.add(name, slow.look)()

    def start(self) -> None:
        """Flush from now on, once a second."""
        self._due = None
        self._running_in = os.getpid()
        self._thread.start()
        self._collectors.start()

    @property
    def running(self) -> bool:
        """Whether it was started in this process (a fork keeps no threads) and not closed since."""
        return self._running_in == os.getpid()

    def close(self) -> None:
        """End the thread, flush the rest, and report that this worker ends; may start again."""
        was_running, self._running_in = self.running, None
        self._collectors.stop()
        self._thread.stop()
        if was_running:
            self.flush()
        self.backend.close()

    def flush(self) -> None:
        """Pass the records since the last flush to the backend."""
        with self._flushing:
            began = monotonic()
            batch = self.recorder.drain()
            self._sources.collect(batch)
            if self._flushed_at is not None:
                batch.count(Series(names.FLUSHED_SECONDS), began - self._flushed_at)
            batch.count(_REFUSED, self.recorder.refused - self._refused)
            self._refused = self.recorder.refused
            self._flushed_at = began
            self.backend.record(batch)
            self._flush_time.observe(monotonic() - began)

    def read(
        self,
        resolution: Resolution,
        since: float,
        until: float | None = None,
        only: Collection[str] | None = None,
    ) -> Reading:
        """The points of a resolution that begin in [since, until).

        Args:
            since, until: epoch seconds by the clock of the store (see ``now``).
            only: names of metrics; others may be left out, which is quicker.

        Raises:
            ValidationFailed: there is no such resolution.
        """
        if resolution not in RESOLUTIONS:
            known = ", ".join(f"{one.seconds} s" for one in RESOLUTIONS)
            raise ValidationFailed({"resolution": f"must be one of {known}"})
        return self.backend.read(resolution, since, until, only)

    def recent(self, seconds: float) -> Reading:
        """The points of the last ``seconds``, in the finest resolution that reaches so far back."""
        resolution = next((one for one in RESOLUTIONS if one.keep >= seconds), COARSE)
        return self.backend.read(resolution, self.now() - seconds)

    def sums(self, *seconds: float) -> Reading:
        """One point for each of the last ``seconds``, with all records of that time."""
        now = self.now()
        reading = self.backend.sums(FINE, [now - one for one in seconds])
        for point, one in zip(reading.points, seconds, strict=True):
            point.seconds = round(one)
        return reading

    def summaries(self, hours: float = 24) -> list[Summary]:
        """One summary for each whole minute of the last ``hours`` in which any worker recorded.

        The unfinished minute is left out. Without the store: the summaries of this process.

        Raises:
            ValidationFailed: not above 0, or longer than minutes are kept.
        """
        says = f"above 0 and at most {MOST_HOURS:g}"
        checked("hours", hours, Number(ABOVE_0, MOST_HOURS, says=says), shown=False)
        now = self.now()
        over = now - now % COARSE.seconds
        reading = self.backend.read(COARSE, now - hours * 3600, over)
        return [summarise(point) for point in reading.points]

    def now(self) -> float:
        """Epoch seconds by the clock of the store; by that of this host before its first reply."""
        return self.backend.now()

    def redis_time(self) -> float | None:
        """Epoch seconds by the clock of Redis; None before its first reply."""
        return self.backend.now() if self.backend.on_redis_time else None

    def workers(self) -> list[WorkerStatus]:
        """Every process that recorded within a day, those most recently heard first."""
        return self.backend.workers()

    def health(self) -> BackendHealth:
        """The health of the backend, read from the server."""
        return self.backend.health()

    def _turn(self) -> float:
        began = monotonic()
        if self._due is not None:
            self._delay.observe(max(0.0, began - self._due))
        self.flush()
        pause = max(0.0, self._interval - (monotonic() - began))
        self._due = monotonic() + pause
        return pause
