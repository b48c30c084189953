"""A circuit breaker, on every kind of server and on the twin in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Live, Platform
from tests.support.waiting import wait_until
from yoto.errors import CircuitIsolated, CircuitOpen
from yoto.resilience.breaker import CircuitBreaker, State
from yoto.resilience.outcome import Classifier, Outcome
from yoto.resilience.settings import CircuitBreakerConfig

SLOW = 0.1
QUICKLY_SLOW = {"slow_call_duration": SLOW}
SOON = 0.1
SOON_AGAIN = {"recovery_timeout": SOON, "recovery_timeout_max": SOON}


class Broken(Exception):
    """The error of the called function."""


class Clock:
    """Stands still but for what is slow: on a busy machine any call would be."""

    def __init__(self) -> None:
        self._now = time.monotonic()

    def __call__(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


Sleep = Callable[[float], None]


def fail(seconds: float = 0.0, sleep: Sleep = time.sleep) -> None:
    sleep(seconds)
    raise Broken


def succeed(seconds: float = 0.0, sleep: Sleep = time.sleep) -> str:
    sleep(seconds)
    return "done"


def run(breaker: CircuitBreaker, calls: str, sleep: Sleep = time.sleep) -> None:
    """``F``ailing and ``S``ucceeding calls; lower case for slow ones."""
    for call in calls:
        seconds = 1.5 * SLOW if call.islower() else 0.0
        if call in "Ff":
            with pytest.raises(Broken):
                breaker.call(fail, seconds, sleep)
        else:
            assert breaker.call(succeed, seconds, sleep) == "done"


def opened(platform: Platform, name: str, **fields: Any) -> CircuitBreaker:
    breaker = platform.breaker(name, **fields)
    run(breaker, "FFFFF")
    assert breaker.state().state is State.OPEN
    return breaker


def half_open(platform: Platform, name: str, **fields: Any) -> CircuitBreaker:
    """A breaker whose open time is over; the next call is a probe."""
    breaker = opened(platform, name, **SOON_AGAIN, **fields)
    time.sleep(SOON)
    return breaker


def test_four_failures_leave_it_closed_and_the_rate_undefined(
    platform: Platform, name: str
) -> None:
    breaker = platform.breaker(name)
    run(breaker, "FFFF")
    state = breaker.state()
    assert (state.state, state.failures, state.failure_rate) == (State.CLOSED, 4, None)


def test_it_opens_on_the_fifth_call_by_a_rate_of_sixty(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name)
    run(breaker, "FFFS")
    assert breaker.state().state is State.CLOSED
    run(breaker, "S")
    state = breaker.state()
    assert (state.state, state.reason, state.failure_rate) == (State.OPEN, "failure_rate", 60.0)


def test_it_opens_by_slow_calls(join: Join, name: str) -> None:
    clock = Clock()
    breaker = join(clock=clock).breaker(name, **QUICKLY_SLOW)
    run(breaker, "fsFSs", clock.sleep)
    state = breaker.state()
    assert (state.state, state.reason) == (State.OPEN, "slow_call_rate")
    assert (state.slow_call_rate, state.failure_rate) == (60.0, 40.0)


def test_it_opens_by_failures_in_a_row(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name, consecutive_failures=3, minimum_calls=1_000)
    run(breaker, "FFSFF")
    assert breaker.state().state is State.CLOSED
    run(breaker, "F")
    assert breaker.state().reason == "consecutive_failures"


@pytest.mark.parametrize("window_type", ["count", "time"])
def test_both_windows_count_the_same(join: Join, name: str, window_type: str) -> None:
    clock = Clock()
    breaker = join(clock=clock).breaker(
        name, window_type=window_type, window_size=20, minimum_calls=20, **QUICKLY_SLOW
    )
    run(breaker, "FSFSSSSsS", clock.sleep)
    state = breaker.state()
    assert (state.calls, state.failures, state.slow_calls) == (9, 2, 1)


def test_a_count_window_forgets_the_oldest_call(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name, window_type="count", window_size=5, minimum_calls=5)
    run(breaker, "FFSSSSS")
    state = breaker.state()
    assert (state.calls, state.failures) == (5, 0)
    run(breaker, "SFSFSSSF")
    assert breaker.state().failures == 2


def test_old_failures_leave_a_time_window(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name, window_size=1)
    run(breaker, "FFFF")
    wait_until(lambda: breaker.state().calls == 0)
    run(breaker, "SF")
    assert breaker.state().state is State.CLOSED


def test_while_it_is_open_nothing_runs_and_the_caller_hears_when_to_come_back(
    platform: Platform, name: str
) -> None:
    breaker = opened(platform, name, recovery_timeout=50.0)
    ran: list[int] = []
    with pytest.raises(CircuitOpen) as caught:
        breaker.call(ran.append, 1)
    assert ran == []
    assert not isinstance(caught.value, CircuitIsolated)
    assert 40.0 < caught.value.retry_after <= 50.0
    assert breaker.state().rejected == 1


def test_one_success_closes_it_and_resets_the_counts(platform: Platform, name: str) -> None:
    breaker = half_open(platform, name)
    run(breaker, "S")
    state = breaker.state()
    assert (state.state, state.calls, state.failures, state.opens) == (State.CLOSED, 0, 0, 0)


def test_it_closes_after_as_many_good_probes_in_a_row_as_are_wanted(
    platform: Platform, name: str
) -> None:
    breaker = opened(platform, name, **SOON_AGAIN, success_threshold=3)
    # Two good probes and a bad one close nothing.
    for opens in (2, 3):
        time.sleep(breaker.state().until)
        run(breaker, "SS")
        state = breaker.state()
        assert (state.state, state.probes_succeeded, state.success_threshold) == (
            State.HALF_OPEN,
            2,
            3,
        )
        run(breaker, "F")
        assert (breaker.state().state, breaker.state().opens) == (State.OPEN, opens)
    time.sleep(breaker.state().until)
    run(breaker, "SS")
    assert breaker.state().state is State.HALF_OPEN
    run(breaker, "S")
    state = breaker.state()
    assert (state.state, state.opens, state.probes_succeeded) == (State.CLOSED, 0, 0)


def test_the_number_of_good_probes_is_live(platform: Platform, name: str) -> None:
    config = Live(CircuitBreakerConfig(success_threshold=5, recovery_timeout=SOON))
    breaker = platform.live_breaker(name, config)
    run(breaker, "FFFFF")
    time.sleep(SOON)
    run(breaker, "SSS")
    config.change(success_threshold=2)
    assert breaker.state().state is State.HALF_OPEN
    run(breaker, "S")
    assert breaker.state().state is State.CLOSED


def test_a_probe_counts_once_and_not_after_another_took_its_place(
    platform: Platform, name: str
) -> None:
    breaker = half_open(platform, name, success_threshold=2, probe_lease=1.5)
    late = breaker.allow()
    wait_until(lambda: not breaker.state().probes)
    permit = breaker.allow()
    late.exit(Outcome.SUCCESS)
    assert breaker.state().probes_succeeded == 0
    permit.exit(Outcome.SUCCESS)
    permit.exit(Outcome.SUCCESS)
    assert breaker.state().probes_succeeded == 1


def test_one_failure_opens_it_again_and_restarts_the_open_time(
    platform: Platform, name: str
) -> None:
    breaker = opened(platform, name, recovery_timeout=0.5, recovery_timeout_max=10)
    time.sleep(0.5)
    again = time.monotonic()
    run(breaker, "F")
    state = breaker.state()
    assert (state.state, state.opens) == (State.OPEN, 2)
    # Twice as long as the first time, less what has passed of it.
    assert 1.0 - (time.monotonic() - again) - 0.01 <= state.until <= 1.0


def test_the_open_time_has_a_cap(platform: Platform, name: str) -> None:
    breaker = half_open(platform, name)
    for _ in range(3):
        run(breaker, "F")
        assert breaker.state().until <= SOON
        time.sleep(SOON)


def test_it_lets_no_more_probes_in_than_allowed(platform: Platform, name: str) -> None:
    breaker = half_open(platform, name, half_open_max_calls=2)
    permits = [breaker.allow(), breaker.allow()]
    with pytest.raises(CircuitOpen) as caught:
        breaker.allow()
    assert caught.value.retry_after > 0
    assert breaker.state().probes == 2
    permits[0].exit(Outcome.IGNORED)
    breaker.allow()
    with pytest.raises(CircuitOpen):
        breaker.allow()


def test_an_ignored_exception_leaves_it_half_open(platform: Platform, name: str) -> None:
    breaker = half_open(platform, name)
    for _ in range(3):
        with pytest.raises(Broken):
            breaker.call_as(Classifier(ignored=(Broken,)), fail)
        assert breaker.state().state is State.HALF_OPEN
    run(breaker, "S")
    assert breaker.state().state is State.CLOSED


def test_a_probe_that_never_answers_gives_its_permit_back_with_its_lease(
    platform: Platform, name: str
) -> None:
    breaker = half_open(platform, name, probe_lease=1.5)
    breaker.allow()
    with pytest.raises(CircuitOpen) as caught:
        breaker.allow()
    assert caught.value.retry_after <= 1.5
    wait_until(lambda: not breaker.state().probes)
    run(breaker, "S")
    assert breaker.state().state is State.CLOSED


def test_a_result_from_before_it_opened_changes_nothing(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name, **SOON_AGAIN)
    early = [breaker.allow() for _ in range(3)]
    run(breaker, "FFFFF")
    before = breaker.state()
    early[0].exit(Outcome.FAILURE)
    early[1].exit(Outcome.SUCCESS)
    after = breaker.state()
    assert (after.state, after.period, after.opens) == (State.OPEN, before.period, before.opens)
    time.sleep(SOON)
    probe = breaker.allow()
    early[2].exit(Outcome.SUCCESS)
    assert breaker.state().state is State.HALF_OPEN
    probe.exit(Outcome.SUCCESS)
    assert breaker.state().state is State.CLOSED


def test_a_permit_counts_once(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name)
    permit = breaker.allow()
    for _ in range(3):
        permit.exit(Outcome.FAILURE)
    assert breaker.state().failures == 1


def test_an_exception_both_recorded_and_ignored_is_ignored(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name)
    with pytest.raises(Broken):
        breaker.call_as(Classifier(expected=(Broken,), ignored=(Broken,)), fail)
    assert breaker.state().calls == 0


def test_what_ends_the_caller_is_no_failure(platform: Platform, name: str) -> None:
    breaker = half_open(platform, name)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaker.call(interrupt)
    state = breaker.state()
    assert (state.state, state.probes) == (State.HALF_OPEN, 0)


def test_metrics_only_counts_and_never_opens(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name, mode="metrics_only", minimum_calls=5)
    run(breaker, "FFFFFFFF")
    state = breaker.state()
    assert (state.state, state.failure_rate) == (State.METRICS_ONLY, 100.0)


def test_a_breaker_disabled_by_configuration_counts_nothing(platform: Platform, name: str) -> None:
    config = Live(CircuitBreakerConfig())
    breaker = platform.live_breaker(name, config)
    run(breaker, "FF")
    config.change(mode="disabled")
    run(breaker, "FFFFFFFF")
    assert breaker.state().state is State.DISABLED
    config.change(mode="normal")
    assert breaker.state().failures == 2


def test_calls_run_side_by_side(platform: Platform, name: str) -> None:
    breaker = platform.breaker(name)
    # It opens once all eight are inside; for seven at a time it never would.
    all_inside = threading.Barrier(8)
    threads = [
        threading.Thread(target=breaker.call, args=(all_inside.wait, 10), daemon=True)
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not all_inside.broken
    state = breaker.state()
    assert (state.calls, state.failures) == (8, 0)


# Tests that need a server


def test_every_turn_is_one_event(remote: Platform, name: str) -> None:
    breaker = half_open(remote, name)
    run(breaker, "F")
    time.sleep(SOON)
    run(breaker, "SSS")
    assert remote.turns(name) == ["closed", "open", "half_open", "open", "half_open", "closed"]


def test_an_event_says_what_opened_it(remote: Platform, name: str) -> None:
    opened(remote, name, recovery_timeout=7.0)
    event = next(
        stored
        for stored in remote.events.read()
        if getattr(stored.event, "name", "") == name and getattr(stored.event, "new", "") == "open"
    )
    assert event.source == remote.instance
    told: Any = event.event
    assert (told.old, told.reason, told.failures, told.retry_after_ms) == (
        "closed",
        "failure_rate",
        5,
        7_000,
    )


def test_another_process_finds_counts_and_opening_time_as_they_were(
    join_remote: Join, name: str
) -> None:
    first, second, third = (join_remote().breaker(name, recovery_timeout=50) for _ in range(3))
    run(first, "FFF")
    assert second.state().failures == 3
    run(second, "FF")
    with pytest.raises(CircuitOpen) as caught:
        third.call(succeed)
    assert 40 < caught.value.retry_after <= 50


def test_an_isolated_breaker_never_half_opens_by_itself(remote: Platform, name: str) -> None:
    breaker = opened(remote, name, **SOON_AGAIN)
    assert breaker.force_open("broken disk", ttl=60).state is State.ISOLATED
    time.sleep(1.5 * SOON)
    with pytest.raises(CircuitIsolated) as caught:
        breaker.call(succeed)
    assert 50 < caught.value.retry_after <= 60
    assert breaker.state().reason == "broken disk"


def test_an_isolation_ends_with_its_time(remote: Platform, name: str) -> None:
    breaker = remote.breaker(name)
    breaker.force_open("for a moment", ttl=0.2)
    # Nobody calls it meanwhile, which makes it isolated for no longer.
    wait_until(lambda: breaker.state().state is State.CLOSED)
    run(breaker, "S")
    assert breaker.state().state is State.CLOSED
    assert remote.turns(name) == ["isolated", "closed"]


def test_a_disabled_breaker_admits_all_and_counts_nothing(remote: Platform, name: str) -> None:
    breaker = opened(remote, name)
    breaker.force_close("we know", ttl=30)
    run(breaker, "FFFFFFFF")
    state = breaker.state()
    assert (state.state, state.calls) == (State.DISABLED, 0)


def test_what_an_operator_does_holds_for_every_process(join_remote: Join, name: str) -> None:
    first, second = join_remote().breaker(name), join_remote().breaker(name)
    run(second, "S")
    first.force_open("all of you", ttl=30)
    with pytest.raises(CircuitIsolated):
        second.call(succeed)
    first.reset()
    run(second, "S")


def test_the_same_state_again_is_no_event(remote: Platform, name: str) -> None:
    breaker = remote.breaker(name)
    for _ in range(3):
        breaker.force_open("again", ttl=30)
    assert remote.turns(name) == ["isolated"]


def test_a_reset_closes_counts_nothing_and_tells_once(remote: Platform, name: str) -> None:
    breaker = opened(remote, name)
    breaker.reset()
    breaker.reset()
    state = breaker.state()
    assert (state.state, state.calls, state.opens) == (State.CLOSED, 0, 0)
    assert remote.turns(name) == ["closed", "open", "closed"]


def test_a_change_to_a_state_that_is_gone_changes_nothing(remote: Platform, name: str) -> None:
    breaker = opened(remote, name)
    seen = breaker.state()
    breaker.reset()
    now = breaker.force_close("stale", expected_period=seen.period)
    assert now.state is State.CLOSED
    assert breaker.force_close("fresh", expected_period=now.period).state is State.DISABLED


def test_metrics_only_tells_once_that_it_would_open(remote: Platform, name: str) -> None:
    breaker = remote.breaker(name, mode="metrics_only", window_type="count", window_size=5)
    run(breaker, "FFFFFFFSSSSFFFFF")
    told = [
        stored.event
        for stored in remote.events.read()
        if stored.event.type == "breaker.would_open" and getattr(stored.event, "name", "") == name
    ]
    assert len(told) == 2
    assert "open" not in remote.turns(name)


def test_a_window_may_change_live(remote: Platform, name: str) -> None:
    config = Live(
        CircuitBreakerConfig.from_mapping(
            {"window_type": "count", "window_size": 10, "minimum_calls": 10}
        )
    )
    breaker = remote.live_breaker(name, config)
    run(breaker, "FSSSSSSSSSSF")
    assert (breaker.state().calls, breaker.state().failures) == (10, 1)
    config.change(window_size=4, minimum_calls=4)
    run(breaker, "S")
    assert (breaker.state().calls, breaker.state().failures) == (4, 1)
    config.change(window_type="time")
    run(breaker, "S")
    assert breaker.state().calls == 1
    config.change(window_type="count", window_size=6)
    run(breaker, "SSS")
    assert (breaker.state().calls, breaker.state().failures) == (6, 1)


def test_below_enough_instances_only_the_failing_one_opens(join_remote: Join, name: str) -> None:
    fields = {"min_instances": 2, "recovery_timeout": 5}
    sick, well = join_remote(), join_remote()
    first, second = sick.breaker(name, **fields), well.breaker(name, **fields)
    run(first, "FFFFF")
    with pytest.raises(CircuitOpen):
        first.call(succeed)
    assert first.state().opened_alone
    run(second, "S")
    assert second.state().state is State.CLOSED
    alone = [
        stored.event
        for stored in well.events.read()
        if stored.event.type == "breaker.opened_locally"
        and getattr(stored.event, "name", "") == name
    ]
    assert [getattr(event, "instance", "") for event in alone] == [sick.instance]
    run(second, "F")
    with pytest.raises(CircuitOpen):
        second.call(succeed)
    assert well.turns(name) == ["closed", "open"]


def test_an_instance_that_opened_alone_closes_after_its_own_probe(
    join_remote: Join, name: str
) -> None:
    breaker = join_remote().breaker(name, min_instances=2, **SOON_AGAIN)
    run(breaker, "FFFFF")
    time.sleep(SOON)
    run(breaker, "S")
    assert not breaker.state().opened_alone
    run(breaker, "S")


def test_a_flush_makes_the_state_anew_and_raises_nothing(remote: Platform, name: str) -> None:
    breaker = opened(remote, name)
    early = remote.breaker(f"{name}-other")
    permit = early.allow()
    remote.redis.client.flushall()
    run(breaker, "FF")
    permit.exit(Outcome.FAILURE)
    assert breaker.state().failures == 2
    assert early.state().calls == 0
    assert remote.turns(name) == ["closed"]
