"""The warm-up's steps are isolated, timed, limited, and truthful; one run a process at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from yoto.errors import AlreadyRunning, StoreUnavailable
from yoto.events import Event, TaskFinished, TaskProgressed
from yoto.rooms.warm_up.warming import ComponentState, WarmUp, WarmUpParts, steps
from yoto.rooms.warm_up.warming.report import CACHE, SYSTEM

LEARNING = "ml_warmup"
STEPS = (CACHE, LEARNING, SYSTEM)
GOOD = [ComponentState("redis", "ok", "answers"), ComponentState("database", "ok", "answers")]


@pytest.fixture
def hang() -> Iterator[Callable[[], dict[str, Any]]]:
    """A step that does not end before the test does."""
    over = threading.Event()

    def wait() -> dict[str, Any]:
        over.wait(60)
        return {}

    yield wait
    over.set()


def warm_up(learn: Callable[[], dict[str, Any]] = lambda: {"summaries": 3}, **parts: Any) -> WarmUp:
    """One without a cache to fill; its other steps succeed unless told otherwise."""
    given = {"more": {LEARNING: learn}, "components": lambda: GOOD} | parts
    return WarmUp(Flask(__name__), None, WarmUpParts(**given))


def test_the_report_has_every_step_with_its_time_and_details() -> None:
    report = warm_up().run()
    plain = report.to_plain()
    assert list(plain) == [*STEPS, "total_time", "success", "errors"]
    assert all(set(plain[name]) == {"success", "time", "details"} for name in STEPS)
    assert plain[LEARNING]["success"] and plain[LEARNING]["details"] == {"summaries": 3}
    assert plain[SYSTEM]["details"]["redis"] == {"state": "ok", "detail": "answers"}
    assert plain["total_time"] >= sum(plain[name]["time"] for name in STEPS) - 0.01
    # There is no cache to fill, and that is no success.
    assert not plain["success"] and not plain[CACHE]["success"]
    assert plain["errors"] == ["cache_warmup: hot entries are not counted in this application"]


@pytest.mark.parametrize("error", [RuntimeError("out of ink"), StoreUnavailable("database")])
def test_a_step_that_raises_leaves_the_others_alone(error: Exception) -> None:
    def fail() -> dict[str, Any]:
        raise error

    report = warm_up(fail).run()
    assert not report.steps[LEARNING].success
    assert str(error) in report.errors[-1] and report.errors[-1].startswith(LEARNING)
    assert report.steps[SYSTEM].success and not report.success


def test_a_step_that_hangs_is_left_and_not_begun_again_while_it_does(
    hang: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "GRACE", 0.05)
    one = warm_up(hang, limit=0.2)
    before = threading.active_count()
    report = one.run()
    assert "no end after" in str(report.steps[LEARNING].error)
    assert report.steps[SYSTEM].success
    again = one.run()
    assert again.steps[LEARNING].error == "the last run of it still hangs"
    assert threading.active_count() <= before + 1


@pytest.mark.parametrize(
    ("components", "told"),
    [
        ([ComponentState("opa", "unknown", "was not asked")], "opa is unknown"),
        ([*GOOD, ComponentState("opa", "failed", "no answer")], "opa is failed"),
        ([], "no component"),
    ],
)
def test_a_component_that_is_not_known_to_work_is_no_success(
    components: list[ComponentState], told: str
) -> None:
    report = warm_up(components=lambda: components).run()
    assert not report.steps[SYSTEM].success
    assert told in str(report.steps[SYSTEM].error)


def test_what_is_not_wired_says_so_and_is_no_success() -> None:
    report = warm_up(components=None).run()
    assert not report.steps[SYSTEM].success
    assert report.steps[SYSTEM].error == "the state of the components is unknown"


def test_a_step_that_no_part_of_the_application_adds_is_not_waited_for() -> None:
    report = warm_up(more={}).run()
    assert list(report.steps) == [CACHE, SYSTEM] and LEARNING not in report.to_plain()


def test_two_at_once_the_second_is_told_that_one_runs(hang: Callable[[], dict[str, Any]]) -> None:
    one = warm_up(hang)
    report = one.run_in_background()
    for call in (one.run, one.run_in_background):
        with pytest.raises(AlreadyRunning) as refused:
            call()
        assert refused.value.task_id == report.task_id
    assert not report.finished and not report.success
    one.close()
    assert report.wait(10)


def test_in_the_background_the_report_fills_and_can_be_waited_for() -> None:
    begun, go = threading.Event(), threading.Event()

    def learn() -> dict[str, Any]:
        begun.set()
        assert go.wait(30)
        return {}

    report = warm_up(learn).run_in_background()
    assert begun.wait(30)
    assert not report.finished and report.to_plain()[SYSTEM] is None
    assert not report.wait(0.01)
    go.set()
    assert report.wait(30)
    assert report.steps[SYSTEM].success


def test_the_end_of_the_process_ends_a_run_at_once(hang: Callable[[], dict[str, Any]]) -> None:
    one = warm_up(hang, limit=60.0)
    report = one.run_in_background()
    one.close()
    assert report.wait(60)
    assert SYSTEM not in report.steps and not report.success


def test_progress_and_the_end_are_told_as_events() -> None:
    published: list[Event] = []
    watched: list[tuple[str, int, int]] = []
    report = warm_up(publish=published.append).run(lambda *seen: watched.append(seen))
    steps = [event.step for event in published if isinstance(event, TaskProgressed)]
    assert list(dict.fromkeys(steps)) == list(STEPS)
    assert {event.task_id for event in published} == {report.task_id}  # type: ignore[attr-defined]
    last = published[-1]
    assert isinstance(last, TaskFinished)
    assert (last.task, last.success, last.errors) == ("warm_up", False, report.errors)
    assert (SYSTEM, 2, 2) in watched


def test_events_of_one_step_are_few_however_often_it_tells() -> None:
    from yoto.rooms.warm_up.warming.report import ProgressPublisher

    published: list[Event] = []
    publisher = ProgressPublisher("id", published.append, None)
    publisher.begin(CACHE)
    for done in range(1, 1_001):
        publisher.progress(CACHE, done, 1_000)
    assert 2 <= len(published) <= 10
    assert isinstance(published[-1], TaskProgressed) and published[-1].done == 1_000
