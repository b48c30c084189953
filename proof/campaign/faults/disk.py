"""The disk of the whole topology is full, or the database may write no longer files.

Where root may mount, the runner has put the topology on a small tmpfs (``on_small_disk``), which is
filled to its last byte. Elsewhere the database alone gets a limit of the length of its files: the
kernel ends it there, and it is started again with what it had.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from proof.campaign.faults.base import Branch, Noting
from proof.campaign.faults.seen import DATABASE_AWAY, both, noted
from proof.cluster import POSTGRESQL

if TYPE_CHECKING:
    from proof.cluster import Cluster

SIZE = 1536  # MiB
FILL = "filler"
BLOCK = 1 << 20  # bytes
SEGMENTS_SECONDS = 2.0


class DiskFull(Noting):
    """Nothing can be written: no row, no line of a log."""

    name = "disk-full"
    seconds = (4.0, 7.0)
    alone = True
    branches = (
        Branch("a database that cannot write is an outage", both(noted("full"), DATABASE_AWAY)),
    )

    def __init__(self) -> None:
        super().__init__()
        self._filler: Path | None = None
        self._limited: tuple[int, tuple[int, int]] | None = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        folder = Path(cluster.folder)
        self._database = cluster.database
        if os.path.ismount(folder):
            self._filler = folder / FILL
            written = _fill(self._filler)
            self.notes["full"] = f"{written >> 20} MiB written until the disk was full"
            if cluster.kind == POSTGRESQL:
                _ask_for_a_segment(cluster)
            return f"tmpfs of {SIZE} MiB"
        pid = cluster.database.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        self._limited = (pid, before)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (BLOCK, before[1]))
        self.notes["full"] = "RLIMIT_FSIZE of the database is 1 MiB"
        return "RLIMIT_FSIZE of the database"

    def end(self) -> None:
        filler, self._filler = self._filler, None
        if filler is not None:
            filler.unlink(missing_ok=True)
        limited, self._limited = self._limited, None
        if limited is not None:
            with suppress(ProcessLookupError):
                resource.prlimit(limited[0], resource.RLIMIT_FSIZE, limited[1])
        # One that could not even note what it has ends by itself.
        if (filler or limited) and not self._database.alive:
            self._database.begin()


@contextmanager
def on_small_disk(folder: Path) -> Iterator[bool]:
    """Mount a tmpfs of ``SIZE`` at ``folder``, if this process may; whether it did."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = bool(shutil.which("mount")) and _run(
        "mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)
    )
    try:
        yield mounted
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


def _ask_for_a_segment(cluster: Cluster) -> None:
    """Let PostgreSQL begin files of its log until there is no room for one; it keeps some ready,
    and would write into those for longer than the fault lasts."""
    deadline = time.monotonic() + SEGMENTS_SECONDS
    with suppress(psycopg.Error), cluster.connect_to_database() as connection:
        while time.monotonic() < deadline:
            # An empty segment is not switched from, so something is written to each.
            connection.execute("SELECT pg_logical_emit_message(false, 'yoto', 'full')")
            connection.execute("SELECT pg_switch_wal()")


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _fill(path: Path) -> int:
    """Write until there is no room; how many bytes that were."""
    written = 0
    with open(path, "wb", buffering=0) as filler, suppress(OSError):
        while True:
            written += filler.write(bytes(BLOCK))
    return written
