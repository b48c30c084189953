"""Resource use of the process, and of the memory that all processes here share.

The operating system kills a process for lack of memory because of the total use within a limit, not
of its own: that of a control group (such as a container), or of the host.
"""

from __future__ import annotations

import os
import re
import resource
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from . import metric_names as names
from .sources import Counted, Measured, Sample

_STATM = Path("/proc/self/statm")
PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
KB = 1024


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


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes in use, and bytes allowed."""

    used: int
    allowed: int

    @property
    def share(self) -> float:
        """The share in use, 0 to 1."""
        return self.used / self.allowed


@dataclass(frozen=True, slots=True)
class _Version:
    """The files of one version of control groups. ``unused``: file pages in the memory in use that
    were not needed recently; the kernel reclaims them before it kills any process."""

    use: str
    limit: str
    unused: str


_V1 = _Version("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file")
_V2 = _Version("memory.current", "memory.max", "inactive_file")


def memory_use(proc: Path = PROC, cgroups: Path = CGROUPS) -> MemoryUse | None:
    """The use of the fullest limited control group that this process is in; without one that of the
    host. None if the system does not report it."""
    host = _host(proc / "meminfo")
    found = [
        use
        for folder, version in _groups(proc / "self" / "cgroup", cgroups)
        if (use := _group(folder, version)) is not None
        # Without a limit, version 1 gives a number beyond all memory.
        and (host is None or use.allowed <= host.allowed)
    ]
    return max(found, key=lambda use: use.share, default=host)


def _groups(own: Path, cgroups: Path) -> Iterator[tuple[Path, _Version]]:
    """The groups that the process is in, up to the root, since a limit holds for all groups below.

    Within a container the path may be the host's, which does not exist there; its own group is then
    the root.
    """
    for line in _lines(own):
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root, version = cgroups, _V2
        elif "memory" in controllers.split(","):
            root, version = cgroups / "memory", _V1
        else:
            continue
        folder = Path(path)
        for step in (folder, *folder.parents):
            yield root / str(step).lstrip("/"), version


def _group(folder: Path, version: _Version) -> MemoryUse | None:
    use, limit = _number(folder / version.use), _number(folder / version.limit)
    if use is None or not limit:
        return None
    unused = _named(folder / "memory.stat", rf"{version.unused} (\d+)") or 0
    return MemoryUse(max(0, use - unused), limit)


def _host(meminfo: Path) -> MemoryUse | None:
    total = _named(meminfo, r"MemTotal:\s+(\d+) kB")
    available = _named(meminfo, r"MemAvailable:\s+(\d+) kB")
    if not total or available is None:
        return None
    return MemoryUse(max(0, total - available) * KB, total * KB)


def _number(path: Path) -> int | None:
    """The number in a file; None for ``max``, which is no limit, or a missing file."""
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None


def _named(path: Path, pattern: str) -> int | None:
    for line in _lines(path):
        if (match := re.fullmatch(pattern, line)) is not None:
            return int(match[1])
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
