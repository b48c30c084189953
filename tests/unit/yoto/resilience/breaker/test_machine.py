"""The state machine on a clock of numbers: every run of calls keeps its promises."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from yoto.resilience.breaker.machine import BreakerMachine, open_time
from yoto.resilience.breaker.states import Admission, Happened, Refusal, State
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import CircuitBreakerConfig

CONFIG = CircuitBreakerConfig(half_open_max_calls=2, probe_lease=3.0, recovery_timeout=5.0)
PATIENT = replace(CONFIG, success_threshold=3)


class AnyRunOfCalls(RuleBasedStateMachine):
    """Calls begin, end in any order and any way, and time passes."""

    config = CONFIG

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.number = 0
        self.turns: list[tuple[State, State]] = []
        self.good = 0
        self.running: list[tuple[str, Admission, State]] = []
        self.machine = BreakerMachine(
            self.config, lambda old, new, why: self.turns.append((old, new))
        )

    @rule()
    def begin(self) -> None:
        self.number += 1
        request = str(self.number)
        answer = self.machine.admit(self.now, request, self.config)
        if isinstance(answer, Admission):
            assert self.machine.state in (State.CLOSED, State.HALF_OPEN)
            self.running.append((request, answer, self.machine.state))
        else:
            assert answer.wait > 0

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome), slow=st.booleans())
    def end(self, data: st.DataObject, outcome: Outcome, slow: bool) -> None:
        index = data.draw(st.integers(0, len(self.running) - 1))
        request, admission, state = self.running.pop(index)
        before, period = self.machine.state, self.machine.period
        happened = self.machine.record(
            self.now, request, admission.period, outcome, slow, self.config
        )
        if admission.period != period:
            assert happened is Happened.IGNORED
            assert (self.machine.state, self.machine.period) == (before, period)
        elif state is State.HALF_OPEN and outcome is Outcome.FAILURE:
            assert self.machine.state is State.OPEN
        elif state is State.HALF_OPEN and outcome is Outcome.SUCCESS:
            counted = happened is not Happened.IGNORED
            self.good += counted
            closes = counted and self.good == self.config.success_threshold
            assert self.machine.state is (State.CLOSED if closes else State.HALF_OPEN)
        if self.machine.state is not State.HALF_OPEN:
            self.good = 0

    @rule(seconds=st.floats(0.01, 8))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def no_more_probes_than_allowed(self) -> None:
        assert self.machine.probes(self.now) <= CONFIG.half_open_max_calls

    @invariant()
    def each_turn_is_one_step_to_another_state(self) -> None:
        assert self.machine.period == len(self.turns)
        for old, new in self.turns:
            assert old is not new


class AnyRunOfCallsWithPatience(AnyRunOfCalls):
    """The same where three probes must succeed."""

    config = PATIENT


TestAnyRunOfCalls = AnyRunOfCalls.TestCase
TestAnyRunOfCallsWithPatience = AnyRunOfCallsWithPatience.TestCase


def broken(now: float, config: CircuitBreakerConfig = CONFIG) -> BreakerMachine:
    machine = BreakerMachine(config)
    machine.trip(now, "test", config)
    return machine


def test_a_refusal_says_how_long_it_is_open() -> None:
    answer = broken(100.0).admit(102.0, "a", CONFIG)
    assert answer == Refusal(3.0)


def test_a_lost_probe_gives_its_permit_back_with_its_lease() -> None:
    machine = broken(0.0)
    assert [isinstance(machine.admit(5.0, name, CONFIG), Admission) for name in "abc"] == [
        True,
        True,
        False,
    ]
    assert machine.admit(7.0, "c", CONFIG) == Refusal(1.0)
    assert isinstance(machine.admit(8.1, "c", CONFIG), Admission)


def test_a_request_that_is_sent_again_is_the_same_probe() -> None:
    machine = broken(0.0)
    for _ in range(5):
        assert isinstance(machine.admit(5.0, "a", CONFIG), Admission)
    assert machine.probes(5.0) == 1


def test_a_permit_given_back_without_a_result_admits_one_more() -> None:
    machine = broken(0.0)
    first = machine.admit(5.0, "a", CONFIG)
    machine.admit(5.0, "b", CONFIG)
    assert isinstance(first, Admission)
    machine.record(5.1, "a", first.period, Outcome.IGNORED, False, CONFIG)
    assert machine.state is State.HALF_OPEN
    assert isinstance(machine.admit(5.2, "c", CONFIG), Admission)


@given(st.integers(1, 5_000))
def test_open_time_grows_to_its_cap(opens: int) -> None:
    config = CircuitBreakerConfig(recovery_timeout=5, recovery_backoff=2, recovery_timeout_max=60)
    assert open_time(config, opens) == min(5 * 2 ** (opens - 1), 60)


def test_what_redis_refused_last_is_refused_without_it_too() -> None:
    machine = BreakerMachine(CONFIG)
    machine.follow(0.0, Refusal(30.0, isolated=True), CONFIG)
    assert machine.admit(29.0, "a", CONFIG) == Refusal(1.0, isolated=True)
    assert isinstance(machine.admit(30.0, "a", CONFIG), Admission)
    assert machine.state is State.CLOSED
