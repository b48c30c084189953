"""What a decorated function's end means to its breaker."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from app.core.errors import (
    MaintenanceMode,
    PermissionDenied,
    RateLimited,
    StoreUnavailable,
    ValidationFailed,
)
from app.core.resilience import Outcome, ResilienceController, circuit_breaker
from app.core.resilience.decorators.call import CallClassifier

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
    def broken(value: Any) -> bool:
        raise RuntimeError("broken predicate")

    assert circuit_breaker("thing", failed_result=broken)(lambda: "ran")() == "ran"
    assert controller.get_circuit_breaker_state("thing").calls == 0
    assert "broken predicate" in caplog.text
