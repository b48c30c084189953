"""The times of a lock, in seconds: those that follow from its lease, and from Redis's latency."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Self

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

# The default lease: so many slow round trips, so that renewals have room; within these limits (s).
LEASE_TRIPS = 100
MIN_DEFAULT_LEASE = 10.0
MAX_DEFAULT_LEASE = 60.0
# The default wait is this part of the default lease.
WAIT_SHARE = 1 / 2

# A waiter asks again after so many slow round trips at the latest, so that a lost wake-up costs no
# more, and polling stays a small part of the load of Redis (s).
POLL_TRIPS = 20
MIN_POLL = 0.2
MAX_POLL = 1.0
# Share of that for the first poll.
FIRST_POLL_SHARE = 1 / 10
# A waiter without a poll for more than two polls and a few round trips is passed over.
PATIENCE_POLLS = 2.5

# Share of the lease after which it is renewed, so that two tries may fail before it ends; earlier
# when less than so many slow round trips would be left.
RENEW_SHARE = 1 / 3
EARLIEST_RENEW_SHARE = 1 / 10
RENEW_TRIPS = 20

PERCENTILE = 0.99
# s for which times are kept before they are computed again.
REVIEW = 1.0

# The histogram of latency: four buckets to each doubling, from 16 us up to a minute, so that a
# percentile is at most a fifth too high.
PER_OCTAVE = 4
SMALLEST = 16e-6  # s
BUCKETS = 22 * PER_OCTAVE

# s after which a sample counts half.
HALF_LIFE = 60.0
# Below so much weight of samples no percentile is given.
MIN_WEIGHT = 20.0
# Weights double with each half-life; after so many they are scaled down.
MOST_HALF_LIVES = 40.0


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


@dataclass(frozen=True, slots=True)
class LockTimes:
    """The times that follow from one measured round trip; seconds.

    Attributes:
        round_trip: the slowest percent of replies took longer; None while too few are known, and
            then everything is as if Redis were fast.
        lease: the default of ``timeout``.
        wait: the default of ``wait``.
        first_poll: after which a waiter asks again the first time; doubles up to ``longest_poll``.
        longest_poll: after which it asks again at the latest.
        patience: after which a silent waiter is passed over.
    """

    round_trip: float | None
    lease: float
    wait: float
    first_poll: float
    longest_poll: float
    patience: float

    @classmethod
    def of(cls, round_trip: float | None) -> Self:
        """The times for a round trip of so many seconds."""
        slow = round_trip or 0.0
        lease = min(max(LEASE_TRIPS * slow, MIN_DEFAULT_LEASE), MAX_DEFAULT_LEASE)
        poll = min(max(POLL_TRIPS * slow, MIN_POLL), MAX_POLL)
        return cls(
            round_trip=round_trip,
            lease=lease,
            wait=lease * WAIT_SHARE,
            first_poll=poll * FIRST_POLL_SHARE,
            longest_poll=poll,
            patience=poll * PATIENCE_POLLS,
        )

    def renew_after(self, lease: float) -> float:
        """Seconds after which a lease of ``lease`` seconds is renewed."""
        latest = safe_time(lease) - RENEW_TRIPS * (self.round_trip or 0.0)
        return min(max(latest, lease * EARLIEST_RENEW_SHARE), lease * RENEW_SHARE)


class DecayingLatency:
    """A histogram whose samples lose weight exponentially with age.

    Instead of making old samples lighter all the time, it makes new ones heavier (forward decay:
    Cormode, Shkapenyuk, Srivastava, Xu, 2009), so that noting one costs well under a microsecond.
    A sample that two threads lose between them changes nothing that matters.
    """

    def __init__(self) -> None:
        self._weights = [0.0] * BUCKETS
        self._origin = monotonic()
        self._rescaling = threading.Lock()

    def note(self, seconds: float, now: float) -> None:
        """Count one reply that took ``seconds``; ``now`` is the monotonic time."""
        age = (now - self._origin) / HALF_LIFE
        if age > MOST_HALF_LIVES:
            age = self._rescale(now)
        octaves = math.log2(max(seconds, SMALLEST) / SMALLEST)
        self._weights[min(BUCKETS - 1, int(octaves * PER_OCTAVE))] += 2.0**age

    def weight(self, now: float) -> float:
        """The weight of the known samples, in fresh samples."""
        return float(sum(self._weights) * 2.0 ** -((now - self._origin) / HALF_LIFE))

    def percentile(self, share: float, now: float) -> float | None:
        """Seconds within which ``share`` (0 to 1) of the replies came; None if few are known."""
        if self.weight(now) < MIN_WEIGHT:
            return None
        weights = list(self._weights)
        wanted = sum(weights) * share
        seen = 0.0
        for index, weight in enumerate(weights):
            seen += weight
            if seen >= wanted:
                break
        return float(SMALLEST * 2.0 ** ((index + 1) / PER_OCTAVE))

    def _rescale(self, now: float) -> float:
        """Restart the weights; the age of ``now`` since then, in half-lives."""
        with self._rescaling:
            age = (now - self._origin) / HALF_LIFE
            if age > MOST_HALF_LIVES:
                self._weights = [weight * 2.0**-age for weight in self._weights]
                self._origin = now
            return (now - self._origin) / HALF_LIFE


class MeasuredTimes:
    """The times of a process, from the round trips of its own locks."""

    def __init__(self) -> None:
        self._latency = DecayingLatency()
        self._times = LockTimes.of(None)
        self._review_at = 0.0

    def note(self, sent: float) -> None:
        """Note a reply that came just now to a request sent at the monotonic time ``sent``."""
        now = monotonic()
        self._latency.note(now - sent, now)

    def current(self) -> LockTimes:
        """The times by now."""
        now = monotonic()
        if now >= self._review_at:
            self._review_at = now + REVIEW
            self._times = LockTimes.of(self._latency.percentile(PERCENTILE, now))
        return self._times
