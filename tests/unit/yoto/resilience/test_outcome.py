from __future__ import annotations

from typing import Any

import pytest

from yoto.resilience.outcome import Classifier, Outcome, run_with


class Permit:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def exit(self, outcome: Outcome, error: BaseException | None = None) -> None:
        self.outcomes.append(outcome)


class Ended(BaseException):
    """An exception like those that end a greenlet."""


@pytest.mark.parametrize(
    ("classifier", "error", "outcome"),
    [
        (Classifier(), ValueError(), Outcome.FAILURE),
        (Classifier(expected=(OSError,)), ValueError(), Outcome.SUCCESS),
        (Classifier(expected=(OSError,)), ConnectionError(), Outcome.FAILURE),
        (Classifier(ignored=(ValueError,)), ValueError(), Outcome.IGNORED),
        (Classifier((ValueError,), (ValueError,)), ValueError(), Outcome.IGNORED),
        (Classifier(), KeyboardInterrupt(), Outcome.IGNORED),
        (Classifier(), Ended(), Outcome.IGNORED),
        (Classifier(expected=(Ended,)), Ended(), Outcome.FAILURE),
    ],
)
def test_exceptions_count_as_their_lists_say(
    classifier: Classifier, error: BaseException, outcome: Outcome
) -> None:
    permit = Permit()

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run_with(permit, classifier, fail)
    assert caught.value is error
    assert permit.outcomes == [outcome]


def test_a_predicate_may_call_a_result_a_failure() -> None:
    permit = Permit()
    classifier = Classifier(failed_result=lambda value: value >= 500)
    assert run_with(permit, classifier, lambda: 503) == 503
    assert run_with(permit, classifier, lambda: 200) == 200
    assert permit.outcomes == [Outcome.FAILURE, Outcome.SUCCESS]


def test_a_predicate_that_fails_hides_no_result(caplog: pytest.LogCaptureFixture) -> None:
    permit = Permit()

    def broken(value: Any) -> bool:
        raise RuntimeError("broken")

    assert run_with(permit, Classifier(failed_result=broken), lambda: 1) == 1
    assert permit.outcomes == [Outcome.IGNORED]
    assert "predicate failed" in caplog.text


def test_arguments_pass_through() -> None:
    assert run_with(Permit(), Classifier(), lambda *a, **k: (a, k), 1, two=2) == (
        (1,),
        {"two": 2},
    )
