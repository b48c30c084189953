"""Running health checks side by side, each within its own time-out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, current_app

from yoto.health.probe import Check, CheckResult, Finding, Probe, State, overall, readiness
from yoto.store.columns import utcnow

GOOD = Finding(State.OK, "answers", {"version": "1"})


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds examinations up until it is set."""
    event = threading.Event()
    yield event
    event.set()


def run(*checks: Check) -> list[CheckResult]:
    return Probe(Flask("probed"), checks).run()


def test_a_finding_comes_back_with_its_name_time_and_duration() -> None:
    before = utcnow()
    [result] = run(Check("store", lambda: GOOD, 1.0))
    assert (result.name, result.state, result.detail) == ("store", State.OK, "answers")
    assert result.facts == {"version": "1"}
    assert before <= result.at <= utcnow() and 0 <= result.duration_ms < 1000


def test_an_examination_has_an_application_context() -> None:
    [result] = run(Check("store", lambda: Finding(State.OK, current_app.name), 1.0))
    assert result.detail == "probed"


def test_what_raises_has_failed_and_tells_only_the_kind_of_error() -> None:
    def broken() -> Finding:
        raise ConnectionError("redis://:password@10.0.0.1")

    [result] = run(Check("store", broken, 1.0))
    assert (result.state, result.detail) == (State.FAILED, "ConnectionError")


def test_what_does_not_answer_in_time_has_failed(gate: threading.Event) -> None:
    def hanging() -> Finding:
        gate.wait(30)
        return GOOD

    started = time.monotonic()
    hung, fine = run(Check("hung", hanging, 0.1), Check("fine", lambda: GOOD, 0.1))
    assert time.monotonic() - started < 5
    assert hung.state is State.FAILED and hung.detail.startswith("no answer for 0.")
    assert fine.state is State.OK


def test_checks_run_side_by_side() -> None:
    both = threading.Barrier(2)

    def meet() -> Finding:
        both.wait(60)
        return GOOD

    results = run(Check("a", meet, 60.0), Check("b", meet, 60.0))
    assert [result.state for result in results] == [State.OK, State.OK]


def test_a_hanging_component_is_not_asked_again_until_it_answered(gate: threading.Event) -> None:
    asked: list[int] = []
    answered = threading.Event()

    def hanging() -> Finding:
        asked.append(1)
        gate.wait(30)
        answered.set()
        return GOOD

    probe = Probe(Flask("probed"), [Check("hung", hanging, 0.02)])
    states = [probe.run()[0].state for _ in range(5)]
    assert states == [State.FAILED] * 5 and asked == [1]
    gate.set()
    assert answered.wait(60)
    deadline = time.monotonic() + 5
    while (result := probe.run()[0]).state is not State.OK and time.monotonic() < deadline:
        continue
    assert result.state is State.OK


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.OK, State.OK], State.OK),
        ([State.OK, State.UNKNOWN], State.UNKNOWN),
        ([State.UNKNOWN, State.FAILED, State.OK], State.FAILED),
    ],
)
def test_the_whole_is_as_bad_as_its_worst_part(states: list[State], expected: State) -> None:
    def result(state: State) -> Callable[[], Finding]:
        return lambda: Finding(state, "")

    checks = [Check(str(number), result(state), 1.0) for number, state in enumerate(states)]
    assert overall(run(*checks)) is expected


def test_an_examination_whose_thread_cannot_begin_is_begun_by_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = Probe(Flask("probed"), [Check("store", lambda: GOOD, 1.0)])

    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", full)
        with pytest.raises(RuntimeError):
            probe.run()
    [result] = probe.run()
    assert result.state is State.OK


def unanswered() -> Finding:
    raise ConnectionError


@pytest.mark.parametrize(
    "examine, needed",
    [
        (unanswered, False),
        (lambda: Finding(State.UNKNOWN, "the database did not answer"), False),
        (lambda: Finding(State.FAILED, "at another revision"), True),
        (lambda: GOOD, True),
    ],
)
def test_requests_do_without_what_gives_no_answer_while_something_else_has_it(
    examine: Callable[[], Finding], needed: bool
) -> None:
    bridged, alone = run(
        Check("bridged", examine, 1.0, bridged=lambda app: True),
        Check("alone", examine, 1.0, bridged=lambda app: False),
    )
    assert (bridged.needed, alone.needed) == (needed, True)
    assert readiness([bridged]) is (bridged.state if needed else State.DEGRADED)
    assert readiness([alone]) is alone.state


def test_requests_do_without_what_hangs_too(gate: threading.Event) -> None:
    def hanging() -> Finding:
        gate.wait(30)
        return GOOD

    [result] = run(Check("store", hanging, 0.1, bridged=lambda app: True))
    assert (result.state, readiness([result])) == (State.FAILED, State.DEGRADED)
