"""The hot path of recording: counters, gauges and histograms of one process, by series.

Many threads write without a lock and without losses. Writes go to a ``deque``, whose ``append`` and
``popleft`` are atomic by its documentation; a reader takes everything out and adds it up. So sums
are exact, whatever the interpreter does between two instructions of ``+=``, and a write costs an
append and a comparison. A writer that finds many values waiting adds them up itself, so that no
reader has to come in time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeAlias, TypeVar

from yoto.errors import ConfigurationError

from .distribution import Distribution
from .history import Batch
from .series_names import Series, series

# Values that may wait: a few hundred KB at most, with one locking for that many writes.
MOST_WAITING = 4096
# Series of a process. A label made from users' input would otherwise grow without end.
MOST_SERIES = 2_000
COUNTER_ENDING = "_total"


class Counter:
    """A number that only grows. ``add`` is for the hot path, ``drain`` for the recorder."""

    __slots__ = ("_append", "_lock", "_sum", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[float] = deque()
        self._append: Callable[[float], None] = self._waiting.append
        self._lock = threading.Lock()
        self._sum: float = 0

    def add(self, amount: float = 1) -> None:
        """Count ``amount``, which must not be negative."""
        self._append(amount)
        if len(self._waiting) > MOST_WAITING:
            with self._lock:
                self._fold()

    def drain(self) -> float:
        """The additions since the last call."""
        with self._lock:
            self._fold()
            found, self._sum = self._sum, 0
        return found

    def _fold(self) -> None:
        take = self._waiting.popleft
        # Only the values waiting now, since others are added meanwhile, and only the lock's holder
        # takes.
        self._sum += sum([take() for _ in range(len(self._waiting))])


class Gauge:
    """A value that goes up and down; the last one set counts."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: float | None = None

    def set(self, value: float) -> None:
        """Set the present value."""
        self._value = value

    def read(self) -> float | None:
        """The value; None if none was set, or it is not a number."""
        value = self._value
        return value if value is not None and isfinite(value) else None


class Histogram:
    """Counts durations in seconds by bucket."""

    __slots__ = ("_append", "_found", "_lock", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[float] = deque()
        self._append: Callable[[float], None] = self._waiting.append
        self._lock = threading.Lock()
        self._found = Distribution()

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._append(seconds)
        if len(self._waiting) > MOST_WAITING:
            with self._lock:
                self._fold()

    def drain(self) -> Distribution:
        """The observations since the last call."""
        with self._lock:
            self._fold()
            found, self._found = self._found, Distribution()
        return found

    def _fold(self) -> None:
        take = self._waiting.popleft
        self._found.add_all([take() for _ in range(len(self._waiting))])


Metric: TypeAlias = Counter | Gauge | Histogram
M = TypeVar("M", Counter, Gauge, Histogram)

_ENDINGS: Mapping[type[Metric], str] = {Counter: COUNTER_ENDING, Histogram: "_seconds"}


class Recorder:
    """Makes a metric at the first request for its series, and returns the same one from then on.

    Look a metric up once and keep it: writing to it is the hot path, the look-up is not.

    Attributes:
        refused: series requested beyond ``MOST_SERIES``. Values written to them are not
            counted.
    """

    def __init__(self, most_series: int = MOST_SERIES) -> None:
        self._most = most_series
        self._lock = threading.Lock()
        self._metrics: dict[Series, Metric] = {}
        self._kinds: dict[str, type[Metric]] = {}
        self.refused = 0
        self._read: Callable[[], None] = _nothing

    def read_first(self, read: Callable[[], None]) -> None:
        """Call ``read`` before metrics are drained, to count values that still wait elsewhere."""
        self._read = read

    def counter(self, name: str, **labels: str) -> Counter:
        """The counter of a series; its name ends with ``_total``.

        Raises:
            ValidationFailed: the name, or a label's, is malformed.
            ConfigurationError: the name has another ending, or belongs to another kind of metric
                already.
        """
        return self._get(Counter, name, labels)

    def gauge(self, name: str, **labels: str) -> Gauge:
        """The gauge of a series; raises as ``counter``."""
        return self._get(Gauge, name, labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """The histogram of a series; its name ends with ``_seconds``; raises as ``counter``."""
        return self._get(Histogram, name, labels)

    def drain(self) -> Batch:
        """The counts and observations since the last call, and the present values of gauges.

        Metrics without news are left out.
        """
        found = Batch()
        self._read()
        with self._lock:
            metrics = list(self._metrics.items())
        for about, metric in metrics:
            if isinstance(metric, Counter):
                found.count(about, metric.drain())
            elif isinstance(metric, Histogram):
                if (new := metric.drain()).counts:
                    found.histograms[about] = new
            elif (value := metric.read()) is not None:
                found.gauges[about] = value
        return found

    def _get(self, kind: type[M], name: str, labels: dict[str, str]) -> M:
        about = series(name, labels)
        with self._lock:
            known = self._kinds.get(name)
            if known is not None and known is not kind:
                raise ConfigurationError(name, f"is a {known.__name__.lower()} already")
            if not name.endswith(_ENDINGS.get(kind, "")):
                raise ConfigurationError(
                    name, f"must end with {_ENDINGS[kind]}: it is a {kind.__name__.lower()}"
                )
            found = self._metrics.get(about)
            if found is None:
                found = kind()
                if len(self._metrics) < self._most:
                    self._metrics[about] = found
                    self._kinds[name] = kind
                else:
                    self.refused += 1
        assert isinstance(found, kind)
        return found


def _nothing() -> None:
    """No recorded values."""
