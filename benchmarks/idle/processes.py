"""Facts of Linux about a process: its threads, its memory, its processor time, its children."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB_TO_MB = 1024 / 1e6


@dataclass(frozen=True, slots=True)
class Process:
    """A process at one moment.

    Attributes:
        processor_s: processor time that it has used until now.
        threads: threads of the kernel; those of an event loop are none.
        rss_mb: the resident memory.
        pss_mb: the same, with memory that several processes share divided among them.
    """

    pid: int
    processor_s: float
    threads: int
    rss_mb: float
    pss_mb: float


def look_at(pid: int) -> Process:
    """The present state of ``pid``.

    Raises:
        OSError: it is gone.
    """
    folder = Path(f"/proc/{pid}")
    status = _lines(folder / "status")
    rollup = _lines(folder / "smaps_rollup")
    return Process(
        pid,
        processor_seconds(pid),
        int(status["Threads"]),
        int(status["VmRSS"].split()[0]) * KIB_TO_MB,
        int(rollup["Pss"].split()[0]) * KIB_TO_MB,
    )


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used until now.

    Raises:
        OSError: it is gone, or the system does not say.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread at one moment: processor time that it has used until now, and how often it woke."""

    processor_s: float
    wakes: int


def threads_of(pid: int) -> dict[int, Thread]:
    """Each thread of the kernel that ``pid`` has now, by its id.

    Raises:
        OSError: the process is gone.
    """
    found: dict[int, Thread] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end between two looks.
        with suppress(FileNotFoundError, ProcessLookupError):
            used_ns = (task / "schedstat").read_text().split()[0]
            wakes = _lines(task / "status")["voluntary_ctxt_switches"]
            found[int(task.name)] = Thread(int(used_ns) / 1e9, int(wakes))
    return found


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started, including those of its children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end between two looks; its children then belong to another.
        with suppress(FileNotFoundError):
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def command_of(pid: int) -> str:
    """Its command line."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _lines(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}
