"""The times of a lock, in seconds, and what follows from its lease."""

from __future__ import annotations

from app.core.errors import ValidationFailed

MIN_LEASE = 0.01
MAX_LEASE = 86_400.0
MAX_WAIT = 86_400.0

# Renewed at a third of the lease, so that two tries may fail before it ends.
RENEW_SHARE = 1 / 3
RETRY_SHARE = 1 / 10
# The holder counts the lease from before it asked; the last tenth is for clocks that run unevenly.
SAFE_SHARE = 9 / 10

# A waiter asks again at least this often, so that a lost wake-up costs no more.
FIRST_POLL = 0.02
LONGEST_POLL = 0.2
# A waiter that was not heard for so long is passed over. More than two polls.
PATIENCE = 0.5

# The fence outlives the lock by enough for a clock that was set back.
MIN_FENCE_TTL = 60.0
FENCE_LEASES = 10


def milliseconds(seconds: float) -> int:
    """Whole ms, at least 1: a short time-out must not become none."""
    return max(1, round(seconds * 1000))


def fence_ttl(lease: float) -> float:
    """How long the counter of fencing tokens is kept after the last one."""
    return max(MIN_FENCE_TTL, FENCE_LEASES * lease)


def check(timeout: float, wait: float) -> None:
    """Refuse times that make no sense.

    Raises:
        ValidationFailed: names ``timeout`` or ``wait`` with the allowed range.
    """
    errors = {}
    if not MIN_LEASE <= timeout <= MAX_LEASE:
        errors["timeout"] = f"must be {MIN_LEASE} to {MAX_LEASE:.0f} seconds, not {timeout!r}"
    if not 0 <= wait <= MAX_WAIT:
        errors["wait"] = f"must be 0 to {MAX_WAIT:.0f} seconds, not {wait!r}"
    if errors:
        raise ValidationFailed(errors)
