"""The meaning of a decorated function's end for its breaker."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Response
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from yoto.errors import (
    MaintenanceMode,
    PermissionDenied,
    RateLimited,
    StoreUnavailable,
    ValidationFailed,
)
from yoto.resilience import (
    BulkheadConfig,
    Outcome,
    ResilienceController,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
)
from yoto.resilience.decorators.call import CallClassifier

S, F, I = Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORED  # noqa: E741


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError(), F),
        (StoreUnavailable("opa"), F),
        (PermissionError("the disk's, not ours"), F),
        (InternalServerError(), F),
        (HTTPException(response=Response(status=503)), F),
        (NotFound(), S),
        (HTTPException(response=Response(status=409)), S),
        (ValidationFailed({"a": "b"}), S),
        (PermissionDenied("no"), S),
        (RateLimited(1, 0, 1.0, 1.0), I),
        (MaintenanceMode("tea"), I),
        (KeyboardInterrupt(), I),
        (GeneratorExit(), I),
    ],
)
def test_what_the_caller_did_wrong_is_no_failure(error: BaseException, outcome: Outcome) -> None:
    assert CallClassifier().of_error(error) is outcome


def test_what_is_named_counts_whatever_it_is() -> None:
    named = CallClassifier(expected=(NotFound, KeyboardInterrupt), ignored=(ValidationFailed,))
    assert named.of_error(NotFound()) is F
    assert named.of_error(KeyboardInterrupt()) is F
    assert named.of_error(ValidationFailed({"a": "b"})) is I
    assert named.of_error(ValueError()) is S


def test_an_exception_both_expected_and_ignored_is_ignored() -> None:
    both = CallClassifier(expected=(KeyError,), ignored=(LookupError,))
    assert both.of_error(KeyError()) is I


def test_a_returned_value_may_be_a_failure(controller: ResilienceController) -> None:
    @circuit_breaker("thing", failed_result=lambda value: value == "bad")
    def answers(value: str) -> str:
        return value

    assert [answers("good"), answers("bad")] == ["good", "bad"]
    state = controller.get_circuit_breaker_state("thing")
    assert (state.calls, state.failures) == (2, 1)


def test_a_predicate_that_fails_hides_nothing(
    controller: ResilienceController, caplog: pytest.LogCaptureFixture
) -> None:
    assert circuit_breaker("thing", failed_result=broken)(lambda: "ran")() == "ran"
    assert controller.get_circuit_breaker_state("thing").calls == 0
    assert "broken predicate" in caplog.text


@pytest.mark.parametrize(
    "given",
    [
        ConnectionError,
        [ConnectionError],
        {ConnectionError, TimeoutError},
        lambda error: isinstance(error, ConnectionError),
        [KeyError, lambda error: isinstance(error, ConnectionError)],
    ],
    ids=["class", "list", "set", "predicate", "mixed"],
)
def test_exceptions_are_named_by_class_predicate_or_several(given: Any) -> None:
    assert CallClassifier(expected=given).of_error(ConnectionError()) is F
    assert CallClassifier(expected=given).of_error(ValueError()) is S
    assert CallClassifier(ignored=given).of_error(ConnectionError()) is I


@pytest.mark.parametrize("given", ["ConnectionError", 5, int, [ConnectionError, None]])
@pytest.mark.parametrize("decorate", [circuit_breaker, guarded])
def test_what_names_no_exceptions_is_refused_at_decoration(decorate: Any, given: Any) -> None:
    with pytest.raises(TypeError, match=re.escape("expected: ")):
        decorate("thing", expected=given)
    with pytest.raises(TypeError, match=re.escape("ignored: ")):
        decorate("thing", ignored=given)


@pytest.mark.parametrize("decorate", [circuit_breaker, guarded])
def test_a_result_is_judged_by_what_can_be_called(decorate: Any) -> None:
    with pytest.raises(TypeError, match="failed_result"):
        decorate("thing", failed_result=True)


def test_degradable_takes_them_too() -> None:
    with pytest.raises(TypeError):
        degradable("thing", static="else", on=5)  # type: ignore[arg-type]


def broken(value: Any) -> bool:
    raise RuntimeError("broken predicate")


@pytest.mark.parametrize(
    "named",
    [
        {"expected": ConnectionError},
        {"expected": lambda error: True},
        {"ignored": [KeyError]},
        {"expected": broken},
        {"ignored": broken},
    ],
    ids=["class", "predicate", "list", "broken expected", "broken ignored"],
)
def test_a_failing_call_raises_its_own_error_and_keeps_no_slot(
    controller: ResilienceController, named: dict[str, Any]
) -> None:
    controller.define("narrow", bulkhead=BulkheadConfig(max_concurrent=2))

    @guarded("narrow", key="all", parts=["circuit_breaker", "bulkhead"], **named)
    def work() -> None:
        raise ConnectionError("the work's own")

    for _ in range(4):
        with pytest.raises(ConnectionError, match="the work's own"):
            work()
    stats = controller.get_bulkhead_stats("narrow")
    assert (stats.held, stats.held_here) == (0, 0)


def test_the_fault_of_one_part_keeps_no_slot_of_another(
    controller: ResilienceController, caplog: pytest.LogCaptureFixture
) -> None:
    controller.define("narrow", bulkhead=BulkheadConfig(max_concurrent=1))
    breaker = controller.circuit_breaker("narrow")
    breaker.ended = broken  # type: ignore[assignment]

    @guarded("narrow", key="all", parts=["circuit_breaker", "bulkhead"])
    def as_one() -> str:
        return "ran"

    @circuit_breaker("narrow")
    @bulkhead("narrow")
    def one_by_one() -> str:
        return "ran"

    assert [as_one(), one_by_one(), as_one(), one_by_one()] == ["ran"] * 4
    assert controller.get_bulkhead_stats("narrow").held_here == 0
    assert "broken predicate" in caplog.text
