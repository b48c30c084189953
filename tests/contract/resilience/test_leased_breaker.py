"""A breaker with leased ``admission``: lets in from memory, and opens at the same counts."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.resilience.conftest import Join, reach_of
from tests.contract.resilience.platform import Live, Platform
from tests.contract.resilience.trips import Trips
from tests.support.waiting import wait_until
from yoto.errors import CircuitIsolated, CircuitOpen
from yoto.resilience.breaker import CircuitBreaker, State, memory
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import CircuitBreakerConfig

_numbers = itertools.count(1)


def leased(platform: Platform, name: str, **fields: Any) -> CircuitBreaker:
    return platform.breaker(name, admission="leased", **fields)


def run(breaker: CircuitBreaker, outcome: Outcome, times: int = 1) -> None:
    for _ in range(times):
        breaker.allow().exit(outcome)


def record(breaker: CircuitBreaker) -> None:
    """Record what waits."""
    breaker.successes.flush()


def test_a_closed_breaker_lets_in_from_memory(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = leased(remote, name)
    run(breaker, Outcome.SUCCESS)
    trips = Trips(remote, monkeypatch)
    admissions = [breaker.allow() for _ in range(100)]
    assert trips.count == 0
    for permit in admissions:
        permit.exit(Outcome.SUCCESS)
    record(breaker)
    assert breaker.state().calls == 101


def test_successes_are_recorded_without_being_asked_for(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name) for _ in range(2))
    run(mine, Outcome.SUCCESS, 50)
    wait_until(lambda: other.state().calls == 50)


def test_successes_are_recorded_though_no_thread_could_be_had_for_an_earlier_one(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = leased(remote, name)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            breaker.successes.note(0)
    breaker.successes.note(0)
    wait_until(lambda: breaker.state().calls == 2)


def test_it_opens_at_the_same_failure_as_strictly(remote: Platform, name: str) -> None:
    breaker = leased(remote, name, minimum_calls=10, failure_rate_threshold=50)
    run(breaker, Outcome.SUCCESS, 10)
    run(breaker, Outcome.FAILURE, 9)
    run(breaker, Outcome.FAILURE)
    with pytest.raises(CircuitOpen):
        breaker.allow()
    state = breaker.state()
    assert (state.state, state.calls, state.failures) == (State.OPEN, 20, 10)


def test_a_success_between_ends_a_row_of_failures(remote: Platform, name: str) -> None:
    breaker = leased(remote, name, consecutive_failures=3, minimum_calls=1_000)
    for _ in range(5):
        run(breaker, Outcome.FAILURE, 2)
        run(breaker, Outcome.SUCCESS)
    breaker.allow().exit(Outcome.FAILURE)
    assert breaker.state().state is State.CLOSED
    run(breaker, Outcome.FAILURE, 2)
    assert breaker.state().state is State.OPEN


def test_slow_calls_are_recorded_at_once(remote: Platform, name: str) -> None:
    breaker = leased(remote, name, slow_call_duration=0.001, slow_call_rate_threshold=100)
    for _ in range(5):
        permit = breaker.allow()
        time.sleep(0.002)
        permit.exit(Outcome.SUCCESS)
    with pytest.raises(CircuitOpen):
        breaker.allow()


def test_an_operator_of_this_process_is_heard_at_once(remote: Platform, name: str) -> None:
    breaker = leased(remote, name)
    run(breaker, Outcome.SUCCESS)
    breaker.force_open("test")
    with pytest.raises(CircuitIsolated):
        breaker.allow()


def test_what_another_worker_does_is_seen_within_a_second(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name) for _ in range(2))
    run(mine, Outcome.SUCCESS)
    other.force_open("test")
    time.sleep(memory.REMEMBERED)
    with pytest.raises(CircuitIsolated):
        mine.allow()


def test_an_answer_that_is_older_than_the_event_is_not_kept(remote: Platform, name: str) -> None:
    breaker = leased(remote, name)
    asked_at = remote.runtime.clock()
    admission = breaker.allow().admission
    breaker.memory.drop()
    breaker.memory.keep(breaker.plan, admission, asked_at)
    assert breaker.memory.find(breaker.plan) is None


def test_results_of_an_earlier_period_change_nothing(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name) for _ in range(2))
    permits = [mine.allow() for _ in range(10)]
    run(other, Outcome.FAILURE, 5)
    other.reset()
    for permit in permits[:5]:
        permit.exit(Outcome.SUCCESS)
    for permit in permits[5:]:
        permit.exit(Outcome.FAILURE)
    record(mine)
    assert (mine.state().state, mine.state().calls) == (State.CLOSED, 0)
    assert mine.memory.find(mine.plan) is None


def test_probes_are_asked_for_one_by_one(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = leased(remote, name, recovery_timeout=2.0, success_threshold=2)
    run(breaker, Outcome.FAILURE, 5)
    with pytest.raises(CircuitOpen) as caught:
        breaker.allow()
    time.sleep(caught.value.retry_after + 0.1)
    for state in (State.HALF_OPEN, State.CLOSED):
        probe = breaker.allow()
        with pytest.raises(CircuitOpen):
            breaker.allow()
        probe.exit(Outcome.SUCCESS)
        assert breaker.state().state is state
    run(breaker, Outcome.SUCCESS)
    trips = Trips(remote, monkeypatch)
    breaker.allow()
    assert trips.count == 0


def test_another_configuration_is_asked_for_anew(remote: Platform, name: str) -> None:
    config = Live(CircuitBreakerConfig.from_mapping({"admission": "leased"}))
    breaker = remote.live_breaker(name, config)
    run(breaker, Outcome.SUCCESS)
    config.change(minimum_calls=6)
    assert breaker.memory.find(breaker.plan) is None


def test_an_instance_that_opens_alone_knows_it_with_its_next_call(
    remote: Platform, name: str
) -> None:
    breaker = leased(remote, name, min_instances=2)
    run(breaker, Outcome.FAILURE, 5)
    with pytest.raises(CircuitOpen):
        breaker.allow()
    assert breaker.state().opened_alone


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)
@given(
    kind=st.sampled_from(["count", "time"]),
    size=st.integers(1, 12),
    minimum=st.integers(1, 12),
    rate=st.sampled_from([20, 50, 100]),
    row=st.integers(0, 4),
    calls=st.lists(st.one_of(st.integers(1, 9), st.just("F")), max_size=12),
)
def test_a_sum_of_successes_counts_as_they_do_one_by_one(
    request: pytest.FixtureRequest,
    kind: str,
    size: int,
    minimum: int,
    rate: int,
    row: int,
    calls: list[int | str],
) -> None:
    platform = Platform(reach_of(request, "valkey"))
    fields = {
        "window_type": kind,
        "window_size": size if kind == "count" else 3_000,
        "minimum_calls": min(minimum, size) if kind == "count" else minimum,
        "failure_rate_threshold": rate,
        "consecutive_failures": row,
    }
    one, summed = (platform.breaker(f"sums-{next(_numbers)}", **fields) for _ in range(2))
    for breaker in (one, summed):
        period = breaker.allow().admission.period
        for call in calls:
            outcome = Outcome.FAILURE if call == "F" else Outcome.SUCCESS
            count = 1 if call == "F" else int(call)
            counts = [count] if breaker is summed else [1] * count
            for several in counts:
                result = breaker.remote.result("r", period, outcome, False, breaker.plan, several)
                platform.runtime.scripts.run(*result)
    states = [
        (state.state, state.reason, state.calls, state.failures, state.consecutive_failures)
        for state in (one.state(), summed.state())
    ]
    platform.close()
    if states[0][0] is State.OPEN:
        # The window at the opening holds the call that opens it, or all that were recorded with
        # it.
        assert [state[:2] for state in states] == [states[0][:2]] * 2
    else:
        assert states[0] == states[1]
