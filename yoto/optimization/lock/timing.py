"""The times of a lock, in seconds, and the times that follow from its lease."""

from __future__ import annotations

from yoto.rules import Errors, Number, Whole, check, refuse

MIN_LEASE = 0.01
MAX_LEASE = 86_400.0
MAX_WAIT = 86_400.0
MAX_REPLICAS = 16

# The holder counts the lease from before it asked. The time left of it when the lock counts as lost
# is for clocks that run unevenly, and for scheduling the thread that notifies the holder.
MARGIN_SHARE = 1 / 10
MIN_MARGIN = 0.05
MAX_MARGIN_SHARE = 4 / 10

# Share of the lease after which a failed renewal is tried again.
RETRY_SHARE = 1 / 10

# The fence outlives the lock by enough for a clock that was set back.
MIN_FENCE_TTL = 60.0
FENCE_LEASES = 10

# Share of the socket time-out for which a server may wait for its replicas. It checks the clock
# only ten times a second, so a wait may last 0.1 s longer than asked for.
REPLICA_SHARE = 0.4


def milliseconds(seconds: float) -> int:
    """Whole ms, at least 1: a short time-out must not become none."""
    return max(1, round(seconds * 1000))


def safe_time(lease: float) -> float:
    """How long a holder may believe that it holds: its lease less a margin.

    The margin is a tenth, at least 50 ms where the lease allows that, and never above four tenths.
    """
    return lease - max(lease * MARGIN_SHARE, min(MIN_MARGIN, lease * MAX_MARGIN_SHARE))


def fence_ttl(lease: float) -> float:
    """How long the counter of fencing tokens is kept after the last one."""
    return max(MIN_FENCE_TTL, FENCE_LEASES * lease)


_LEASE = Number(MIN_LEASE, MAX_LEASE, says=f"{MIN_LEASE} to {MAX_LEASE:.0f} seconds")
_WAIT = Number(0, MAX_WAIT, says=f"0 to {MAX_WAIT:.0f} seconds")
_REPLICAS = Whole(0, MAX_REPLICAS, says=f"0 to {MAX_REPLICAS}")


def check_times(timeout: float, wait: float) -> None:
    """Refuse times that make no sense.

    Raises:
        ValidationFailed: names ``timeout`` or ``wait`` with the allowed range.
    """
    errors: Errors = {}
    check(errors, "timeout", timeout, _LEASE)
    check(errors, "wait", wait, _WAIT)
    refuse(errors)


def check_replicas(replicas: int, wait: float | None, socket_timeout: float) -> float:
    """The seconds to wait for replicas; by default as long as the socket's time-out allows.

    Raises:
        ValidationFailed: names ``replicas`` or ``replica_wait`` with the allowed range.
    """
    longest = socket_timeout * REPLICA_SHARE
    errors: Errors = {}
    check(errors, "replicas", replicas, _REPLICAS)
    if wait is not None:
        says = f"0.001 to {longest:g} seconds ({REPLICA_SHARE:g} of the socket time-out)"
        check(errors, "replica_wait", wait, Number(0.001, longest, says=says))
    refuse(errors)
    return longest if wait is None else wait
