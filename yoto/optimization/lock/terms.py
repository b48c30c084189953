"""The terms of taking a lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """Checked already; times in seconds.

    Attributes:
        timeout: the lease.
        wait: how long to wait for another owner.
        renew: whether the lease is kept while the lock is held.
        on_lost: called when it cannot be kept.
        replicas: how many must have the lock before it counts as taken.
        replica_wait: how long they may take.
        mode: the mode of a read-write lock, ``r`` or ``w``; empty for any other.
        of_process: whether it belongs to the process, and not to the thread that took it.
    """

    timeout: float
    wait: float
    renew: bool
    on_lost: Callable[[], None] | None
    replicas: int
    replica_wait: float
    of_process: bool = False
    mode: str = ""
