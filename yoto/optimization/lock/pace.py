"""The times of a lock by the latency of Redis: one rule, with its limits."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Self

from yoto.optimization.lock.latency import DecayingLatency
from yoto.optimization.lock.timing import safe_time

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
# s for which a pace is kept before it is computed again.
REVIEW = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
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
        """The pace for a round trip of so many seconds."""
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


class RenewalPacer:
    """The pace of a process, from the round trips of its own locks."""

    def __init__(self) -> None:
        self._latency = DecayingLatency()
        self._pace = Pace.of(None)
        self._review_at = 0.0

    def note(self, sent: float) -> None:
        """Note a reply that came just now to a request sent at the monotonic time ``sent``."""
        now = monotonic()
        self._latency.note(now - sent, now)

    def pace(self) -> Pace:
        """The pace by now."""
        now = monotonic()
        if now >= self._review_at:
            self._review_at = now + REVIEW
            self._pace = Pace.of(self._latency.percentile(PERCENTILE, now))
        return self._pace
