"""A guard whose parts are all leased: in and out without Redis, and no part is cheated."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Platform
from tests.contract.resilience.trips import Trips
from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull, CircuitIsolated, RateLimited, Rejected, StoreUnavailable
from yoto.resilience.breaker import State
from yoto.resilience.guard import Guard
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import MultiDimensionalKey

SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")
# s. Nothing comes back while a test runs.
LONG = 600.0
PARTS: dict[str, dict[str, Any]] = {
    "breaker": {"admission": "leased"},
    "limiter": {
        "mode": "leased",
        "limit": 100_000,
        "window": LONG,
        "algorithm": "fixed_window",
    },
    "bulkhead": {"mode": "leased", "max_concurrent": 20},
}
NAMES = list(PARTS)


def guard_of(platform: Platform, name: str, leased: tuple[str, ...], **changes: Any) -> Guard:
    """A guard of all parts, of which some are leased."""
    parts = {}
    for part, fields in PARTS.items():
        own = dict(fields) if part in leased else {k: v for k, v in fields.items() if v != "leased"}
        parts[part] = {**own, **changes.get(part, {})}
    return platform.guard(name, **parts)


def run(guard: Guard, times: int, outcome: Outcome = Outcome.SUCCESS) -> None:
    for _ in range(times):
        guard.enter(SOMEBODY).exit(outcome)


def test_the_median_call_asks_redis_nothing(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_of(remote, name, ("breaker", "limiter", "bulkhead"))
    run(guard, 20)
    trips = Trips(remote, monkeypatch)
    made = []
    for _ in range(500):
        before = trips.count
        run(guard, 1)
        made.append(trips.count - before)
    assert sorted(made)[len(made) // 2] == 0
    assert sum(made) < 50


@pytest.mark.parametrize(
    "leased", [some for size in range(4) for some in itertools.combinations(NAMES, size)]
)
def test_each_part_counts_the_same_whatever_is_leased(
    remote: Platform, name: str, leased: tuple[str, ...]
) -> None:
    guard = guard_of(remote, name, leased)
    run(guard, 40)
    with guard.enter(SOMEBODY) as inside:
        assert inside.slot is not None and not inside.slot.lost
    run(guard, 2, Outcome.FAILURE)
    run(guard, 2, Outcome.IGNORED)
    breaker, limiter, bulkhead = guard.breaker, guard.limiter, guard.bulkhead
    assert breaker is not None and limiter is not None and bulkhead is not None
    breaker.successes.flush()
    limiter.leases.clear()
    bulkhead.spares.clear()
    state = breaker.state()
    assert (state.calls, state.failures) == (43, 2)
    assert limiter.peek(SOMEBODY).remaining == 100_000 - 45
    stats = bulkhead.stats()
    assert (stats.held, stats.held_here) == (0, 0)
    assert (breaker.passed, limiter.passed, bulkhead.passed) == (45, 45, 45)


@pytest.mark.parametrize(
    "leased", [some for size in range(4) for some in itertools.combinations(NAMES, size)]
)
def test_what_one_part_refuses_costs_the_others_nothing(
    remote: Platform, name: str, leased: tuple[str, ...]
) -> None:
    guard = guard_of(remote, name, leased)
    run(guard, 40)
    breaker, limiter, bulkhead = guard.breaker, guard.limiter, guard.bulkhead
    assert breaker is not None and limiter is not None and bulkhead is not None
    breaker.force_open("test")
    for _ in range(10):
        with pytest.raises(CircuitIsolated):
            guard.enter(SOMEBODY)
    limiter.leases.clear()
    bulkhead.spares.clear()
    assert limiter.peek(SOMEBODY).remaining == 100_000 - 40
    assert (bulkhead.stats().held, bulkhead.stats().held_here) == (0, 0)


def test_a_limit_that_refuses_gives_the_slot_back(remote: Platform, name: str) -> None:
    guard = guard_of(remote, name, tuple(NAMES), limiter={"limit": 30})
    passed = 0
    for _ in range(100):
        try:
            run(guard, 1)
            passed += 1
        except RateLimited:
            pass
    assert passed == 30
    bulkhead = guard.bulkhead
    assert bulkhead is not None
    assert bulkhead.stats().held == len(bulkhead.spares)


def test_the_cap_holds_for_those_who_are_inside_at_once(join_remote: Join, name: str) -> None:
    guards = [guard_of(join_remote(), name, tuple(NAMES)) for _ in range(2)]
    for guard in guards:
        run(guard, 10)
    inside = []
    for guard in itertools.islice(itertools.cycle(guards), 60):
        try:
            inside.append(guard.enter(SOMEBODY))
        except BulkheadFull:
            pass
    assert 20 - 5 <= len(inside) <= 20
    for permit in inside:
        permit.exit(Outcome.SUCCESS)


def test_who_waits_for_a_slot_gets_one_and_pays_once(remote: Platform, name: str) -> None:
    guard = guard_of(remote, name, tuple(NAMES), bulkhead={"max_concurrent": 4, "wait": 10.0})
    run(guard, 5)
    inside = [guard.enter(SOMEBODY) for _ in range(4)]
    got: list[object] = []

    def wait() -> None:
        try:
            with guard.enter(SOMEBODY) as permit:
                got.append(permit.slot)
        except Rejected as error:
            got.append(error)

    crowd = [threading.Thread(target=wait) for _ in range(3)]
    for thread in crowd:
        thread.start()
    for permit in inside:
        permit.exit(Outcome.SUCCESS)
    for thread in crowd:
        thread.join(20)
    assert len(got) == 3 and not any(isinstance(one, Exception) for one in got)
    limiter = guard.limiter
    assert limiter is not None
    limiter.leases.clear()
    assert limiter.peek(SOMEBODY).remaining == 100_000 - 12


def test_a_call_that_waited_for_a_slot_knows_what_is_left_of_the_limit(
    remote: Platform, name: str
) -> None:
    guard = guard_of(remote, name, ("limiter",), bulkhead={"max_concurrent": 1, "wait": 10.0})
    run(guard, 40)
    first, bulkhead = guard.enter(SOMEBODY), guard.bulkhead
    assert bulkhead is not None

    def end() -> None:
        wait_until(lambda: bulkhead.stats().waiting == 1)
        first.exit(Outcome.SUCCESS)

    ends = threading.Thread(target=end)
    ends.start()
    with guard.enter(SOMEBODY) as second:
        assert second.slot is not None and second.slot.waited > 0
        assert second.limits is not None
        assert second.limits.remaining == 100_000 - 42
    ends.join()


def test_failures_open_it_at_the_count_that_opens_it_strictly(remote: Platform, name: str) -> None:
    guard = guard_of(remote, name, tuple(NAMES), breaker={"consecutive_failures": 3})
    run(guard, 20)
    run(guard, 3, Outcome.FAILURE)
    with pytest.raises(Rejected):
        guard.enter(SOMEBODY)
    breaker = guard.breaker
    assert breaker is not None
    assert breaker.state().state is State.OPEN


def test_what_is_in_hand_is_used_while_redis_is_away(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_of(remote, name, tuple(NAMES), bulkhead={"on_store_error": "closed"})
    run(guard, 30)
    gone = StoreUnavailable("redis", ConnectionError("test"))

    def away(*_: Any, **__: Any) -> Any:
        raise gone

    monkeypatch.setattr(remote.redis.scripts, "run", away)
    monkeypatch.setattr(remote.redis.scripts, "run_many", away)
    bulkhead = guard.bulkhead
    assert bulkhead is not None
    bulkhead.store.lost(gone)
    with guard.enter(SOMEBODY) as inside:
        assert inside.slot is not None and inside.slot.reused
        # Nobody asked Redis, so nobody knows whether it is back.
        assert bulkhead.store.degraded
        with pytest.raises(BulkheadFull):
            guard.enter(SOMEBODY)
