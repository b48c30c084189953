"""What the process itself uses, from the operating system."""

from __future__ import annotations

import os
import re
import resource
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from . import metric_names as names
from .sources import Counted, Measured, Sample

_STATM = Path("/proc/self/statm")
_MEMINFO = Path("/proc/meminfo")
# Of version 2; says "max" where there is no limit.
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def process_samples() -> Iterator[Sample]:
    """Memory, processor time and threads.

    Memory is known on Linux alone; elsewhere there is no such series rather than a wrong one: what
    ``getrusage`` tells is the highest ever.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Counted(names.CPU, used.ru_utime, {"mode": "user"})
    yield Counted(names.CPU, used.ru_stime, {"mode": "system"})
    yield Measured(names.THREADS, threading.active_count())
    memory = resident_bytes()
    if memory is not None:
        yield Measured(names.MEMORY, memory)
        allowed = allowed_bytes()
        if allowed is not None:
            yield Measured(names.MEMORY_SHARE, memory / allowed)


@lru_cache
def allowed_bytes() -> int | None:
    """Memory that the process may use: the limit of its control group, or what the host has.

    None where the system does not tell. Read once: neither changes while a process runs.
    """
    found = []
    for path, pattern in ((_CGROUP, r"(\d+)"), (_MEMINFO, r"MemTotal:\s+(\d+) kB")):
        try:
            match = re.search(pattern, path.read_text())
        except OSError:
            continue
        if match is not None:
            found.append(int(match[1]) * (1024 if path is _MEMINFO else 1))
    return min(found, default=None)


def resident_bytes() -> int | None:
    """Memory that the process occupies now; None where the system does not tell."""
    try:
        pages = _STATM.read_bytes().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
