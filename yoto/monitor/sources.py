"""Counts that other parts keep anyway, read once a flush, at no cost to their hot paths."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import TypeAlias

from yoto.errors import PlatformError

from .history import Batch
from .metric_names import SOURCE_FAILURES
from .recording import Distribution, Series, series

log = logging.getLogger(__name__)


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


@lru_cache(maxsize=4_096)
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> Series:
    """A series; cached, since each flush needs the same ones again."""
    return series(name, dict(labels))
