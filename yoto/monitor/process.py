"""Resource use of the process, from the operating system."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from . import metric_names as names
from .memory import memory_use
from .sources import Counted, Measured, Sample

_STATM = Path("/proc/self/statm")


def process_samples() -> Iterator[Sample]:
    """Memory, processor time and threads.

    Memory is reported only on Linux. Elsewhere the series is missing rather than wrong, since
    ``getrusage`` gives the highest value ever.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Counted(names.CPU, used.ru_utime, {"mode": "user"})
    yield Counted(names.CPU, used.ru_stime, {"mode": "system"})
    yield Measured(names.THREADS, threading.active_count())
    memory = resident_bytes()
    if memory is not None:
        yield Measured(names.MEMORY, memory)


class SharedMemory:
    """A source that reads ``shared_memory_samples`` every few seconds, and remembers them."""

    def __init__(self, every: float = 5.0) -> None:
        """``every``: least seconds between two readings."""
        self._every = every
        self._found: tuple[Sample, ...] = ()
        self._due = 0.0

    def __call__(self) -> tuple[Sample, ...]:
        """The last reading, or a new one if it is too old."""
        now = monotonic()
        if now >= self._due:
            self._found, self._due = tuple(shared_memory_samples()), now + self._every
        return self._found


def shared_memory_samples() -> Iterator[Sample]:
    """The use of the memory that all processes share; reads many system files."""
    shared = memory_use()
    if shared is not None:
        yield Measured(names.MEMORY_SHARE, shared.share)
        yield Measured(names.MEMORY_LIMIT, shared.allowed)


def resident_bytes() -> int | None:
    """Memory that the process uses now; None if the system does not report it."""
    try:
        pages = _STATM.read_bytes().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
