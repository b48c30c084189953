"""The clock of a Redis server jumps, by libfaketime; a server is put under it when first chosen.

Only ``TIME`` jumps: servers and clients measure their waits by a clock that nobody sets.
"""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import redis

from proof.campaign.faults.base import Branch, Noting
from proof.campaign.faults.processes import any_primary
from proof.campaign.faults.seen import LEASE_ENDED, both, noted

if TYPE_CHECKING:
    from proof.cluster import Cluster

LIBRARY = "libfaketimeMT.so.1"
PLACES = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime")
CLOCK = "clock"  # the file in the server's folder that says how far its clock is off
JUMP = 15  # s: more than leases and MAX_STALENESS


def library() -> Path | None:
    """libfaketime, where it is installed (Debian's package ``faketime``)."""
    found = (Path(place) / LIBRARY for place in PLACES)
    return next((path for path in found if path.exists()), None)


def has_leases(server: Any) -> bool:
    """Whether guests are in one of its bulkheads now."""
    with suppress(redis.RedisError, OSError), server.client() as client:
        return any(client.scan_iter(match="*{bh:campaign.*", count=1_000))
    return False


class ClockJumps(Noting):
    """The clock of one primary is set, and set back at the end."""

    needs = ("faketime",)
    seconds = (4.0, 8.0)
    # Windows and leases end with the server's clock: docs/lock.md, docs/resilience.md.
    effects = ("lost-data", "no-redis")
    # Both jump forward once, at the beginning or at the end.
    branches = (Branch("leases end with the server's time", both(noted("jumped"), LEASE_ENDED)),)
    by: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._server: Any = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        server = self._server = any_primary(cluster, rng, has_leases)
        clock = server.folder / CLOCK
        if not clock.exists():
            clock.write_text("+0")
            server.environment = lambda: {
                **os.environ,
                "LD_PRELOAD": str(library()),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
            server.restart()
        clock.write_text(self.by)
        return str(server.name)

    def look(self) -> dict[str, str]:
        if self._server is not None:
            with suppress(redis.RedisError, OSError), self._server.client() as client:
                off = client.time()[0] - time.time()
                if abs(off) > JUMP / 2:
                    self.notes["jumped"] = f"TIME of {self._server.name} is {off:+.0f} s off"
        return super().look()

    def end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            (server.folder / CLOCK).write_text("+0")


class ClockForward(ClockJumps):
    """Leases, windows and entries end at once."""

    name = "redis-clock-forward"
    by = f"+{JUMP}"


class ClockBack(ClockJumps):
    """Data written before is from the future."""

    name = "redis-clock-back"
    by = f"-{JUMP}"
