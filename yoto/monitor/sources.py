"""Counts that other parts keep anyway, read once a flush, at no cost to their hot paths.

Sources that use servers are called in a thread of their own, so that no flush waits for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from time import monotonic
from typing import TypeAlias

from yoto.errors import PlatformError

from .distribution import Distribution
from .history import Batch
from .metric_names import SOURCE_FAILURES
from .series_names import Series, series

log = logging.getLogger(__name__)

# s between two calls.
LOOK_EVERY = 5.0
# A source may keep its thread busy for this share of the time.
BUSY_SHARE = 1 / 20
# Pauses for which a result is used before it is out of date.
ANSWER_HOLDS = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """A count since the process started. If it fell, it began anew and counts as a whole."""

    name: str
    value: float
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A present value."""

    name: str
    value: float
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Distributed:
    """Durations since the process started."""

    name: str
    found: Distribution
    labels: Mapping[str, str] | None = None


Sample: TypeAlias = Counted | Measured | Distributed
Source: TypeAlias = Callable[[], Iterable[Sample]]


class Sources:
    """Calls every source, and reports new values. Only the flush calls ``collect``."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._counts: dict[tuple[str, Series], float] = {}
        self._spreads: dict[tuple[str, Series], Distribution] = {}
        self._failing: set[str] = set()

    def add(self, name: str, source: Source) -> None:
        """Add a source, in place of any other of that name."""
        self._sources[name] = source

    def collect(self, batch: Batch) -> None:
        """Add to ``batch`` the sources' counts since the last call, and their present values.

        A source that raises is logged at its first error, counted, and called again next time;
        counts of the meantime are not lost, since sources count from their start.
        """
        for name, source in list(self._sources.items()):
            try:
                for sample in source():
                    self._take(name, sample, batch)
            except Exception as error:
                if name not in self._failing:
                    # An unavailable store is no bug, so a stack trace adds nothing.
                    trace = None if isinstance(error, PlatformError) else error
                    log.warning("the source '%s' cannot be read: %s", name, error, exc_info=trace)
                self._failing.add(name)
                batch.count(series(SOURCE_FAILURES, {"source": name}), 1)
                continue
            self._failing.discard(name)

    def _take(self, source: str, sample: Sample, batch: Batch) -> None:
        about = _series(sample.name, tuple(sample.labels.items()) if sample.labels else ())
        key = source, about
        if isinstance(sample, Measured):
            if isfinite(sample.value):
                batch.gauges[about] = sample.value
        elif isinstance(sample, Counted):
            before = self._counts.get(key, 0)
            began_anew = sample.value < before
            batch.count(about, sample.value if began_anew else sample.value - before)
            self._counts[key] = sample.value
        else:
            earlier = self._spreads.get(key)
            batch.distribution(
                about, sample.found if earlier is None else sample.found.since(earlier)
            )
            self._spreads[key] = sample.found.copy()


class PolledCollector:
    """Keeps the last result of ``source``; itself it is a source that responds at once."""

    def __init__(self, source: Source, every: float) -> None:
        self._source = source
        self._every = every
        self._found: Sequence[Sample] = ()
        self._error: Exception | None = None
        self._holds_until = 0.0

    def look(self) -> float:
        """Call the source; returns the seconds until the next call."""
        began = monotonic()
        try:
            found, error = tuple(self._source()), None
        except Exception as problem:
            # The error is raised to the reader.
            found, error = (), problem
        now = monotonic()
        pause = max(self._every, (now - began) / BUSY_SHARE)
        self._found, self._error = found, error
        self._holds_until = now + ANSWER_HOLDS * pause
        return pause

    def __call__(self) -> Iterable[Sample]:
        """The last result, empty if it is too old.

        Raises:
            PlatformError: the error of the source, such as an unavailable store.
            RuntimeError: the source could not be read; the cause says why.
        """
        if isinstance(self._error, PlatformError):
            raise self._error
        if self._error is not None:
            raise RuntimeError("the last look failed") from self._error
        return self._found if monotonic() < self._holds_until else ()


@lru_cache(maxsize=4_096)
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> Series:
    """A series; cached, since each flush needs the same ones again."""
    return series(name, dict(labels))
