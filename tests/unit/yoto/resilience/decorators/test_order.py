"""However the decorators are written, a call that one part refuses costs the others nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from yoto.errors import BulkheadFull, CircuitOpen, RateLimited
from yoto.resilience import (
    ResilienceController,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
    rate_limit,
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
SINGLE: dict[str, Decorator] = {
    "breaker": circuit_breaker("thing"),
    "limit": rate_limit("thing", key="all"),
    "bulkhead": bulkhead("thing"),
}
ORDERS = [
    pytest.param([SINGLE[name] for name in order], id=" over ".join(order))
    for order in itertools.permutations(SINGLE)
] + [pytest.param([guarded("thing", key="all")], id="guarded")]


def decorated(decorators: list[Decorator], fn: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in reversed(decorators):
        fn = decorate(fn)
    return fn


def used(controller: ResilienceController) -> int:
    result = controller.get_rate_limit_status("thing", "all")
    return result.limit - result.remaining


@pytest.fixture(autouse=True)
def limits(controller: ResilienceController) -> None:
    controller.set_rate_limit_config("thing", limit=10, window=60, algorithm="sliding_window")


@pytest.mark.parametrize("decorators", ORDERS)
class TestEveryOrder:
    def test_a_call_that_runs_costs_one_unit(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        assert decorated(decorators, lambda: "ran")() == "ran"
        state = controller.get_circuit_breaker_state("thing")
        assert (used(controller), state.calls, state.failures) == (1, 1, 0)
        assert controller.get_bulkhead_stats("thing").held == 0

    def test_a_full_bulkhead_charges_no_unit_and_no_failure(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        controller.set_bulkhead_config("thing", max_concurrent=1)
        fn = decorated(decorators, lambda: "ran")
        with controller.bulkhead("thing").acquire(), pytest.raises(BulkheadFull):
            fn()
        state = controller.get_circuit_breaker_state("thing")
        assert (used(controller), state.calls) == (0, 0)

    def test_an_open_breaker_charges_no_unit_and_takes_no_slot(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        controller.circuit_breaker("thing").force_open("test", 60)
        with pytest.raises(CircuitOpen):
            decorated(decorators, lambda: "ran")()
        assert used(controller) == 0 and controller.get_bulkhead_stats("thing").held == 0

    def test_a_used_up_limit_is_no_failure_and_takes_no_slot(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        fn = decorated(decorators, lambda: "ran")
        for _ in range(10):
            fn()
        with pytest.raises(RateLimited):
            fn()
        state = controller.get_circuit_breaker_state("thing")
        assert (state.calls, state.failures) == (10, 0)
        assert controller.get_bulkhead_stats("thing").held == 0

    def test_a_refused_probe_leaves_room_for_the_next(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        controller.set_circuit_breaker_config(
            "thing", consecutive_failures=1, recovery_timeout=0.05, probe_lease=60
        )
        fn = decorated(decorators, lambda fails: 1 / 0 if fails else "ran")
        with pytest.raises(ZeroDivisionError):
            fn(True)
        _wait_for_half_open(controller)
        controller.set_bulkhead_config("thing", max_concurrent=1)
        with controller.bulkhead("thing").acquire(), pytest.raises(BulkheadFull):
            fn(False)
        assert fn(False) == "ran"
        assert controller.get_circuit_breaker_state("thing").state == "closed"

    def test_a_failure_is_counted_once_and_the_unit_is_gone(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        with pytest.raises(ZeroDivisionError):
            decorated(decorators, lambda: 1 / 0)()
        state = controller.get_circuit_breaker_state("thing")
        assert (used(controller), state.calls, state.failures) == (1, 1, 1)

    def test_degradation_answers_for_the_others_wherever_it_stands(
        self, controller: ResilienceController, decorators: list[Decorator]
    ) -> None:
        controller.circuit_breaker("thing").force_open("test", 60)
        for place in range(len(decorators) + 1):
            mixed = [*decorators[:place], degradable("thing", static=5), *decorators[place:]]
            assert decorated(mixed, lambda: "ran")() == 5
        assert used(controller) == 0


def test_two_limits_on_one_function_both_count_and_neither_if_one_refuses(
    controller: ResilienceController,
) -> None:
    controller.set_rate_limit_config("narrow", limit=1, window=60)
    fn = rate_limit("thing", key="all")(rate_limit("narrow", key="all")(lambda: "ran"))
    fn()
    with pytest.raises(RateLimited) as refused:
        fn()
    assert refused.value.name == "narrow" and used(controller) == 1


def test_a_refusal_inside_the_function_is_the_functions_business(
    controller: ResilienceController,
) -> None:
    controller.circuit_breaker("other").force_open("test", 60)

    @rate_limit("thing", key="all")
    @circuit_breaker("thing")
    def calls_another() -> None:
        circuit_breaker("other")(lambda: None)()

    with pytest.raises(CircuitOpen):
        calls_another()
    # It ran, so its unit is used; but what is behind its own breaker was not reached.
    state = controller.get_circuit_breaker_state("thing")
    assert (used(controller), state.calls, state.failures) == (1, 0, 0)


def _wait_for_half_open(controller: ResilienceController) -> None:
    from tests.support.waiting import wait_until

    wait_until(lambda: controller.get_circuit_breaker_state("thing").until == 0)
