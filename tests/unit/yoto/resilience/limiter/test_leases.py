"""Leases of a limit: sizes, permits, and that no use of them breaks a limit."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import drawn
from tests.support.lending import Mark, Store, first_excess
from yoto.resilience.algorithms import Quota, algorithm_names
from yoto.resilience.limiter.lease import USED_FOR, Lease, LeaseView
from yoto.resilience.limiter.leases import GROWTH, LARGEST_LEASE, units_wanted
from yoto.resilience.limiter.remote import Lent
from yoto.resilience.limiter.result import DimensionStatus

NOTHING: Any = None


def lease_of(units: int, seconds: float = 1.0, at: float = 0.0, cost: int = 1) -> Lease:
    return Lease(NOTHING, NOTHING, cost, at, Lent(units, seconds, b"", ()))


class TestSize:
    def test_a_key_of_which_nothing_is_known_gets_a_single_permit(self) -> None:
        assert units_wanted(0, 1.0, 1.0) == 1

    def test_a_busy_key_gets_what_it_uses_in_the_time_of_a_lease(self) -> None:
        assert units_wanted(50, 0.5, 1.0) == 100

    def test_a_key_that_is_used_less_than_once_a_lease_gets_single_permits(self) -> None:
        assert units_wanted(1, 3.0, 1.0) == 1

    @given(st.integers(0, 10_000), st.floats(0, 1e6), st.floats(0.0005, 1))
    def test_it_is_bounded_and_grows_by_steps(
        self, used: int, elapsed: float, length: float
    ) -> None:
        units = units_wanted(used, elapsed, length)
        assert 1 <= units <= min(LARGEST_LEASE, max(1, GROWTH * used))


class TestView:
    @pytest.mark.parametrize(("others", "remaining", "more_after"), [(0, 906, 59.0), (2, 6, None)])
    def test_only_a_worker_alone_promises_more_than_its_lease(
        self, others: int, remaining: int, more_after: float | None
    ) -> None:
        lease = Lease(NOTHING, NOTHING, 1, 0.0, Lent(10, 1.0, b"", ()), others)
        lease._statuses = (DimensionStatus("user", 1_000, 60.0, 900, 60.0, 0.0, 60.0),)
        assert lease.take(3)
        result = LeaseView(lease, lease.left, 1.0).result()
        assert (result.remaining, result.reset_after) == (remaining, 59.0)
        assert result.dimensions[0].more_after == more_after


class TestPermits:
    def test_the_call_at_hand_has_used_its_own(self) -> None:
        lease = lease_of(10, cost=3)
        assert (lease.left, lease.size) == (7, 10)

    def test_a_call_takes_all_it_costs_or_nothing(self) -> None:
        lease = lease_of(4)
        assert not lease.take(4)
        assert lease.left == 3
        assert lease.take(3)
        assert not lease.take(1)

    def test_what_is_put_back_was_used_of_it(self) -> None:
        lease = lease_of(3)
        assert lease.put_back(1)
        assert not lease.put_back(1)
        assert lease.left == 3

    def test_what_is_drained_is_used_by_nobody(self) -> None:
        lease = lease_of(5)
        assert lease.take(1)
        assert lease.drain() == 3
        assert not lease.take(1)
        assert lease.put_back(2)
        assert not lease.put_back(1)

    def test_threads_take_each_permit_once(self) -> None:
        lease = lease_of(10_001)
        taken: list[int] = []

        def take() -> None:
            while lease.take(1):
                taken.append(1)

        crowd = [threading.Thread(target=take) for _ in range(4)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert len(taken) == 10_000

    def test_it_ends_before_the_server_takes_it_for_ended(self) -> None:
        assert lease_of(5, seconds=2.0, at=100.0).until < 102.0


# Lengths of a lease, of which a window has 20.
PAUSE = st.sampled_from([0.0, 0.0, 0.02, 0.3, 0.5, 0.9, 0.98, 1.5, 9.0, 18.5, 19.4, 20.0, 25.0])
# The next step: a pause, the worker that acts, and its act.
STEP = st.tuples(
    PAUSE,
    st.integers(0, 1),
    st.sampled_from(["lease", "lease", "asks", "hears", "spend", "fill", "give", "kill"]),
    st.integers(1, 3),
)
# Where limits break if they do: a lease, a pause, all of it and all that is left.
ROUND = st.tuples(PAUSE, PAUSE, st.booleans()).map(
    lambda drawn: [
        (drawn[0], 0, "lease", 1),
        (0.0, 1, "lease" if drawn[2] else "kill", 1),
        (drawn[1], 0, "spend", 1),
        (0.0, 1, "give", 1),
        (0.0, 0, "fill", 1),
    ]
)
STEPS = st.lists(st.one_of(ROUND, STEP.map(lambda step: [step])), min_size=3, max_size=40)


class Fleet:
    """Workers with clocks of their own, who share a limit by leases. Any of them may be paused at
    any moment, which is the same as that time passes and it does nothing."""

    def __init__(self, algorithm: str, quota: Quota, length: float) -> None:
        self.store = Store(algorithm, quota, length)
        self.now = 1_000.0
        self.uses: list[tuple[float, int]] = []
        self.leases: dict[int, tuple[Lease, Mark]] = {}
        self.in_flight: dict[int, tuple[Lease, Mark]] = {}
        # Clocks that begin anywhere and go up to half a percent wrong.
        self.clocks = [(7.0, 1.005), (-3.0, 0.995)]

    def clock(self, worker: int) -> float:
        begun, pace = self.clocks[worker]
        return begun + pace * self.now

    def step(self, passed: float, worker: int, what: str, cost: int) -> None:
        # Binary fractions, so that a window ends for all in the same moment.
        self.now += round(passed * 4096) / 4096
        held = self.leases.get(worker)
        if what == "kill":
            self.leases.pop(worker, None)
            self.in_flight.pop(worker, None)
        elif what == "hears" and worker in self.in_flight:
            # The reply took all this time, of which the worker knows when it asked.
            self.leases[worker] = self.in_flight.pop(worker)
        elif what == "give" and held is not None:
            unused = held[0].drain()
            if unused:
                self.store.give_back(self.now, unused, held[1])
        elif what == "spend" and held is not None:
            while self.clock(worker) < held[0].until and held[0].take(cost):
                self.uses.append((self.now, cost))
        elif what == "fill":
            while self.store.lend(self.now, 1, 1).units:
                self.uses.append((self.now, 1))
        elif what in ("lease", "asks"):
            self.ask(worker, cost, later=what == "asks")

    def ask(self, worker: int, cost: int, later: bool) -> None:
        asked_at = self.clock(worker)
        answer = self.store.lend(self.now, cost, 40)
        if answer.units:
            self.uses.append((self.now, cost))
        if answer.mark is not None:
            lent = Lent(answer.units, answer.seconds, b"", ())
            lease = Lease(NOTHING, NOTHING, cost, asked_at, lent)
            (self.in_flight if later else self.leases)[worker] = lease, answer.mark


@pytest.mark.parametrize("algorithm", algorithm_names())
@drawn(120)
@given(
    rounds=STEPS,
    limit=st.integers(20, 200),
    burst=st.integers(20, 200),
    window=st.sampled_from([0.5, 8.0]),
)
def test_no_kill_pause_or_late_reply_admits_more_than_the_limit(
    algorithm: str,
    rounds: list[list[tuple[float, int, str, int]]],
    limit: int,
    burst: int,
    window: float,
) -> None:
    buckets = ("token_bucket", "leaky_bucket")
    quota = Quota(limit, window, burst if algorithm in buckets else limit)
    fleet = Fleet(algorithm, quota, window / 20)
    for lengths, worker, what, cost in itertools.chain(*rounds):
        fleet.step(lengths * window / 20, worker, what, cost)
    assert first_excess(algorithm, quota, fleet.uses, fleet.store.starts) == ""


@pytest.mark.parametrize("algorithm", algorithm_names())
def test_the_check_sees_a_permit_that_is_used_too_late(algorithm: str) -> None:
    """The excess that the test above must be able to find."""
    quota = Quota(100, 2.0, 100)
    fleet = Fleet(algorithm, quota, 0.1)
    fleet.ask(0, 1, later=False)
    lease, _ = fleet.leases[0]
    late = lease.left
    fleet.now += 1.99 if algorithm == "sliding_window" else 2.5
    while fleet.store.lend(fleet.now, 1, 1).units:
        fleet.uses.append((fleet.now, 1))
    fleet.uses += [(fleet.now, 1)] * late
    assert USED_FOR < 1
    if algorithm == "sliding_window":
        # In its own window it was counted already.
        assert first_excess(algorithm, quota, fleet.uses, fleet.store.starts) == ""
    else:
        assert first_excess(algorithm, quota, fleet.uses, fleet.store.starts) != ""
