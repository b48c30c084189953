"""Breaker, limiter and bulkhead entered together, on every kind of server and without any."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Live, Platform
from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull, CircuitIsolated, CircuitOpen, RateLimited
from yoto.resilience.breaker import State
from yoto.resilience.guard import Guard
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    MultiDimensionalKey,
    RateLimitConfig,
)

SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")
BUCKETS = {"limit": 10, "window": 60}
SOON = {"recovery_timeout": 0.1, "recovery_timeout_max": 0.1}


class Parts:
    """A guard and its three parts."""

    def __init__(
        self,
        platform: Platform,
        name: str,
        breaker: dict[str, object] | None = None,
        limiter: dict[str, object] | None = None,
        bulkhead: dict[str, object] | None = None,
    ) -> None:
        self.breaker = platform.breaker(name, **(breaker or {}))
        self.limiter = platform.limiter(name, **(limiter or BUCKETS))
        self.bulkhead = platform.bulkhead(name, **(bulkhead or {"max_concurrent": 2}))
        self.guard = Guard(name, platform.runtime, self.breaker, self.limiter, self.bulkhead)

    def used(self) -> list[int]:
        """Units used of each dimension."""
        return [
            status.limit - status.remaining for status in self.limiter.peek(SOMEBODY).dimensions
        ]

    def break_it(self) -> None:
        for _ in range(5):
            self.breaker.allow().exit(Outcome.FAILURE)


def test_a_call_uses_units_of_all_dimensions_and_a_slot_and_counts(
    platform: Platform, name: str
) -> None:
    parts = Parts(platform, name)
    with parts.guard.enter(SOMEBODY) as permit:
        assert parts.bulkhead.stats().held == 1
        limits = permit.limits
        assert limits is not None
        assert [status.name for status in limits.dimensions] == ["user", "server", "ip"]
        assert (limits.allowed, limits.remaining) == (True, 9)
    state = parts.breaker.state()
    assert (state.calls, state.failures) == (1, 0)
    assert parts.used() == [1, 1, 1]
    assert parts.bulkhead.stats().held == 0


def test_results_and_exceptions_come_through_and_count(platform: Platform, name: str) -> None:
    parts = Parts(platform, name)
    assert parts.guard.call(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(ZeroDivisionError):
        parts.guard.call(lambda: 1 / 0)
    state = parts.breaker.state()
    assert (state.calls, state.failures) == (2, 1)
    assert parts.bulkhead.stats().held == 0


def test_nobody_waits_for_the_end_of_a_call(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's next entry takes the ends before it along: one round trip a call."""
    parts = Parts(remote, name, bulkhead={"max_concurrent": 1})
    parts.guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    assert parts.bulkhead.stats().held == 0
    trips: list[int] = []
    for method in ("run", "run_many"):
        made = getattr(remote.redis.scripts, method)
        monkeypatch.setattr(
            remote.redis.scripts,
            method,
            lambda *args, made=made, **options: trips.append(1) or made(*args, **options),
        )
    # Nothing but entries sends ends.
    monkeypatch.setattr(remote.runtime.exits, "_send_soon", lambda seconds: None)
    for _ in range(5):
        parts.guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    assert len(trips) == 5
    assert parts.bulkhead.stats().held == 0
    assert parts.breaker.state().calls == 6


def test_an_end_reaches_other_workers_by_itself(join_remote: Join, name: str) -> None:
    first, second = Parts(join_remote(), name), Parts(join_remote(), name)
    first.guard.enter(SOMEBODY).exit(Outcome.FAILURE)
    wait_until(lambda: second.breaker.state().failures == 1)
    assert second.bulkhead.stats().held == 0


def test_a_permit_is_given_back_once(platform: Platform, name: str) -> None:
    parts = Parts(platform, name)
    first, second = parts.guard.enter(SOMEBODY), parts.guard.enter(SOMEBODY)
    for _ in range(3):
        first.exit(Outcome.FAILURE)
    assert parts.breaker.state().failures == 1
    assert parts.bulkhead.stats().held == 1
    second.exit(Outcome.SUCCESS)


def test_what_ends_the_caller_frees_the_slot_and_is_no_failure(
    platform: Platform, name: str
) -> None:
    parts = Parts(platform, name)
    with pytest.raises(KeyboardInterrupt):
        with parts.guard.enter(SOMEBODY):
            raise KeyboardInterrupt
    assert parts.breaker.state().calls == 0
    assert parts.bulkhead.stats().held == 0


def test_trouble_with_recording_hides_no_result(
    platform: Platform, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = Live(CircuitBreakerConfig())
    breaker = platform.live_breaker(name, config)
    guard = Guard(name, platform.runtime, breaker, bulkhead=platform.bulkhead(name))

    def work() -> str:
        # From now on everything that asks for the configuration fails.
        config.config = None  # type: ignore[assignment]
        return "done"

    assert guard.call(work) == "done"
    config.config = CircuitBreakerConfig()
    assert breaker.call(work) == "done"
    assert caplog.text.count("the end of a call was not recorded") == 2


def test_an_open_breaker_charges_nothing(platform: Platform, name: str) -> None:
    parts = Parts(platform, name)
    parts.break_it()
    with pytest.raises(CircuitOpen) as caught:
        parts.guard.enter(SOMEBODY)
    assert caught.value.retry_after > 0
    assert parts.used() == [0, 0, 0]
    assert parts.bulkhead.stats().held == 0


def test_a_used_up_limit_takes_no_slot_and_no_probe(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, SOON, {"limit": 10, "dimensions": {"user": {"limit": 1}}})
    parts.limiter.hit(SOMEBODY)
    parts.break_it()
    time.sleep(0.1)
    with pytest.raises(RateLimited) as caught:
        parts.guard.enter(SOMEBODY)
    assert (caught.value.dimension, caught.value.limit, caught.value.name) == ("user", 1, name)
    assert parts.bulkhead.stats().held == 0
    assert parts.breaker.state().probes == 0
    with parts.guard.enter(MultiDimensionalKey(user_id=43)):
        pass
    assert parts.breaker.state().state is State.CLOSED


def test_a_window_that_is_used_up_charges_no_other_window(platform: Platform, name: str) -> None:
    windows = {"limit": 9, "window": 600, "dimensions": {"user": {"also": "1/day"}, "ip": {}}}
    parts = Parts(platform, name, limiter=windows)
    with parts.guard.enter(SOMEBODY) as permit:
        assert [one.name for one in permit.statuses()] == ["user", "user/day", "ip"]
    with pytest.raises(RateLimited) as caught:
        parts.guard.enter(SOMEBODY)
    assert (caught.value.dimension, caught.value.limit) == ("user/day", 1)
    assert [one.remaining for one in parts.limiter.peek(SOMEBODY).dimensions] == [8, 0, 8]
    permit.refund()
    assert [one.remaining for one in parts.limiter.peek(SOMEBODY).dimensions] == [9, 1, 9]


def test_a_full_bulkhead_charges_nothing_and_uses_no_probe(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, SOON, bulkhead={"max_concurrent": 1})
    slot = parts.bulkhead.acquire(0)
    parts.break_it()
    time.sleep(0.1)
    with pytest.raises(BulkheadFull):
        parts.guard.enter(SOMEBODY)
    assert parts.used() == [0, 0, 0]
    assert parts.breaker.state().probes == 0
    slot.release()
    with parts.guard.enter(SOMEBODY):
        pass
    assert parts.breaker.state().state is State.CLOSED


def test_one_probe_at_a_time_goes_through_a_guard(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, SOON)
    parts.break_it()
    time.sleep(0.1)
    probe = parts.guard.enter(SOMEBODY)
    with pytest.raises(CircuitOpen):
        parts.guard.enter(SOMEBODY)
    probe.exit(Outcome.IGNORED)
    probe = parts.guard.enter(SOMEBODY)
    probe.exit(Outcome.FAILURE)
    assert parts.breaker.state().opens == 2
    assert parts.bulkhead.stats().held == 0


def test_a_caller_may_wait_for_a_slot(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, bulkhead={"max_concurrent": 1, "wait": 5})
    permit = parts.guard.enter(SOMEBODY)
    entered: list[float] = []

    def come() -> None:
        with parts.guard.enter(SOMEBODY):
            entered.append(time.monotonic())

    thread = threading.Thread(target=come)
    thread.start()
    wait_until(lambda: parts.bulkhead.stats().waiting == 1)
    freed = time.monotonic()
    permit.exit(Outcome.SUCCESS)
    thread.join()
    assert entered[0] >= freed
    assert parts.breaker.state().calls == 2
    assert (parts.bulkhead.stats().held, parts.bulkhead.rejected) == (0, 0)
    assert parts.used() == [2, 2, 2]


def test_who_waited_for_a_slot_in_vain_pays_nothing(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, bulkhead={"max_concurrent": 1})
    parts.bulkhead.acquire(0)
    started = time.monotonic()
    with pytest.raises(BulkheadFull):
        parts.guard.enter(SOMEBODY, wait=0.2)
    assert time.monotonic() - started >= 0.2
    assert parts.used() == [0, 0, 0]
    assert parts.bulkhead.rejected == 1


def test_each_refusal_is_counted_once(platform: Platform, name: str) -> None:
    parts = Parts(platform, name, bulkhead={"max_concurrent": 1})
    parts.bulkhead.acquire(0)
    for _ in range(3):
        with pytest.raises(BulkheadFull):
            parts.guard.enter(SOMEBODY, wait=0)
    assert parts.bulkhead.rejected == 3


@pytest.mark.parametrize("missing", ["breaker", "limiter", "bulkhead"])
def test_a_guard_may_lack_a_part(platform: Platform, name: str, missing: str) -> None:
    parts = Parts(platform, name)
    present = {
        part: getattr(parts, part) for part in ("breaker", "limiter", "bulkhead") if part != missing
    }
    guard = Guard(name, platform.runtime, **present)
    with guard.enter(SOMEBODY) as permit:
        assert (permit.limits is None) == (missing == "limiter")
        assert (permit.slot is None) == (missing == "bulkhead")
    assert parts.breaker.state().calls == (0 if missing == "breaker" else 1)
    assert parts.used() == ([0, 0, 0] if missing == "limiter" else [1, 1, 1])
    assert parts.bulkhead.stats().held == 0


def test_configuration_changed_live_holds_for_the_next_call(platform: Platform, name: str) -> None:
    limit, slots = Live(RateLimitConfig(limit=1)), Live(BulkheadConfig(max_concurrent=1))
    guard = Guard(
        name,
        platform.runtime,
        platform.breaker(name),
        platform.live_limiter(name, limit),
        platform.live_bulkhead(name, slots),
    )
    first = guard.enter("k")
    with pytest.raises(RateLimited):
        guard.enter("k")
    limit.change(limit=10)
    with pytest.raises(BulkheadFull):
        guard.enter("k")
    slots.change(max_concurrent=2)
    second = guard.enter("k")
    slots.change(max_concurrent=0)
    with pytest.raises(BulkheadFull):
        guard.enter("k")
    for permit in (first, second):
        permit.exit(Outcome.SUCCESS)


# Tests that need a server


def test_an_isolated_breaker_refuses_a_guarded_call(remote: Platform, name: str) -> None:
    parts = Parts(remote, name)
    parts.breaker.force_open("maintenance", ttl=30)
    with pytest.raises(CircuitIsolated):
        parts.guard.enter(SOMEBODY)
    parts.breaker.force_close("go", ttl=30)
    with parts.guard.enter(SOMEBODY):
        pass
    assert parts.breaker.state().calls == 0


def test_a_guarded_call_opens_the_breaker_with_one_event(remote: Platform, name: str) -> None:
    parts = Parts(remote, name)
    for _ in range(5):
        parts.guard.enter(SOMEBODY).exit(Outcome.FAILURE)
    assert parts.breaker.state().state is State.OPEN
    assert remote.turns(name) == ["closed", "open"]


def test_a_slot_that_was_lost_does_not_hide_the_result(remote: Platform, name: str) -> None:
    parts = Parts(remote, name, bulkhead={"max_concurrent": 2, "lease": 2.0})
    permit = parts.guard.enter(SOMEBODY)
    assert permit.slot is not None
    remote.runtime.heartbeat.remove(permit.slot)
    time.sleep(2.1)
    for _ in range(2):
        parts.bulkhead.acquire(0)
    permit.exit(Outcome.FAILURE)
    assert parts.breaker.state().failures == 1
    assert parts.bulkhead.stats().held == 2


def test_an_instance_that_opened_alone_refuses_guarded_calls_too(
    join_remote: Join, name: str
) -> None:
    sick = Parts(join_remote(), name, {"min_instances": 2})
    well = Parts(join_remote(), name, {"min_instances": 2})
    for _ in range(5):
        sick.guard.enter(SOMEBODY).exit(Outcome.FAILURE)
    with pytest.raises(CircuitOpen):
        sick.guard.enter(SOMEBODY)
    with well.guard.enter(SOMEBODY):
        pass


def test_a_flush_in_mid_call_raises_nothing(remote: Platform, name: str) -> None:
    parts = Parts(remote, name)
    with parts.guard.enter(SOMEBODY):
        remote.redis.client.flushall()
    remote.redis.client.script_flush()
    with parts.guard.enter(SOMEBODY):
        pass
    assert parts.bulkhead.stats().held == 0
    assert parts.breaker.state().calls == 1


def test_what_the_rate_limit_let_through_is_counted_once(join: Join) -> None:
    times: list[float] = []
    platform = join(entered=times.append)
    guard = platform.guard("counted", {}, {"limit": 3, "window": 60}, {"max_concurrent": 10})
    limiter = guard.limiter
    assert limiter is not None
    for _ in range(2):
        guard.enter().exit(Outcome.SUCCESS)
    assert limiter.hit().allowed
    for _ in range(2):
        with pytest.raises(RateLimited):
            guard.enter()
    assert (limiter.passed, limiter.rejected) == (3, 2)
    assert len(times) == 2 and all(taken >= 0 for taken in times)
