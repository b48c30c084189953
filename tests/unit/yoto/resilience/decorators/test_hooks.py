"""Hooks of the host application hear of calls, and change none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull, CircuitOpen, RateLimited
from yoto.resilience import (
    BreakerHooks,
    CircuitBreakerConfig,
    Classifier,
    Outcome,
    RateLimitConfig,
    ResilienceController,
    circuit_breaker,
    guarded,
    rate_limit,
)


class Notes(BreakerHooks):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.turns: list[tuple[str, str, str, str]] = []

    def before(self, name: str) -> None:
        self.heard.append(("before", name))

    def success(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.heard.append(("success", name))

    def failure(self, name: str, seconds: float, error: BaseException | None) -> None:
        self.heard.append(("failure", name, error))

    def ignored(self, name: str, seconds: float, error: BaseException | None) -> None:
        self.heard.append(("ignored", name, error))

    def state_change(self, name: str, old: str, new: str, reason: str) -> None:
        self.turns.append((name, old, new, reason))


@pytest.fixture
def notes(controller: ResilienceController) -> Notes:
    notes = Notes()
    controller.add_breaker_hooks(notes)
    return notes


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("decorate", [circuit_breaker, guarded])
def test_each_call_is_told_with_its_end(notes: Notes, decorate: Callable[..., Any]) -> None:
    @decorate("thing", ignored=KeyError, failed_result=lambda value: value == "bad")
    def work(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    wrong, unsaid = ValueError(), KeyError()
    assert [work("good"), work("bad")] == ["good", "bad"]
    for error in (wrong, unsaid):
        with pytest.raises(type(error)):
            work(error)
    ends = [("success",), ("failure", None), ("failure", wrong), ("ignored", unsaid)]
    assert notes.heard == [
        one for what, *error in ends for one in (("before", "thing"), (what, "thing", *error))
    ]


def test_a_with_statement_is_a_call(controller: ResilienceController, notes: Notes) -> None:
    breaker = controller.circuit_breaker("thing")
    with breaker.calling():
        pass
    for error, classifier in (
        (OSError(), Classifier()),
        (KeyError(), Classifier(ignored=KeyError)),
    ):
        with pytest.raises(type(error)), breaker.calling(classifier):
            fail(error)
    assert [what for what, *_ in notes.heard if what != "before"] == [
        "success",
        "failure",
        "ignored",
    ]
    state = breaker.state()
    assert (state.calls, state.failures) == (2, 1)
    breaker.force_open("test")
    ran: list[int] = []
    with pytest.raises(CircuitOpen), breaker.calling():
        ran.append(1)
    assert ran == []


def test_who_was_let_in_and_refused_by_another_is_told_as_ignored(
    controller: ResilienceController, notes: Notes
) -> None:
    controller.define("few", rate_limit=RateLimitConfig(limit=1, window=60))
    call = rate_limit("few", key="all")(circuit_breaker("thing")(lambda: "ran"))
    assert call() == "ran"
    with pytest.raises(RateLimited):
        call()
    assert [what for what, *_ in notes.heard] == ["before", "success", "before", "ignored"]


def test_who_is_refused_is_not_told_as_a_call(
    controller: ResilienceController, notes: Notes
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=0)
    with pytest.raises(BulkheadFull):
        guarded("thing", key="all")(lambda: "ran")()
    controller.circuit_breaker("thing").force_open("test")
    with pytest.raises(CircuitOpen):
        circuit_breaker("thing")(lambda: "ran")()
    assert notes.heard == []


def test_a_state_that_changes_is_told(controller: ResilienceController, notes: Notes) -> None:
    controller.define("thing", circuit_breaker=CircuitBreakerConfig(consecutive_failures=1))
    breaker = controller.circuit_breaker("thing")
    assert controller.background.tailer.wait_until_ready(60)
    breaker.allow().exit(Outcome.FAILURE)
    wait_until(lambda: ("thing", "closed", "open", "consecutive_failures") in notes.turns)


class Broken(BreakerHooks):
    """Fails at everything."""

    def before(self, name: str) -> None:
        raise RuntimeError("broken hook")

    success = failure = ignored = before  # type: ignore[assignment]


@pytest.mark.parametrize("decorate", [circuit_breaker, guarded])
def test_a_hook_that_fails_changes_no_answer_and_no_count(
    controller: ResilienceController,
    caplog: pytest.LogCaptureFixture,
    decorate: Callable[..., Any],
) -> None:
    controller.add_breaker_hooks(Broken())
    assert decorate("thing")(lambda: "ran")() == "ran"
    with pytest.raises(ValueError, match="work"):
        decorate("thing")(lambda: fail(ValueError("work")))()
    state = controller.get_circuit_breaker_state("thing")
    assert (state.calls, state.failures) == (2, 1)
    assert controller.get_bulkhead_stats("thing").held == 0
    assert "a hook of breaker thing failed" in caplog.text


def test_a_caller_that_is_ended_in_a_hook_keeps_no_slot(
    controller: ResilienceController,
) -> None:
    class Ends(BreakerHooks):
        def before(self, name: str) -> None:
            raise KeyboardInterrupt

    controller.add_breaker_hooks(Ends())
    with pytest.raises(KeyboardInterrupt):
        guarded("thing")(lambda: "ran")()
    assert controller.get_bulkhead_stats("thing").held == 0
