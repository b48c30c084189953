"""Background work: when it is due, when it is woken, and whatever one of the tasks does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.core.housekeeping import Housekeeper
from tests.support.redis_servers import wait_until

SELDOM = 600.0


@pytest.fixture
def keeper() -> Iterator[Housekeeper]:
    one = Housekeeper("yoto-test-keeper")
    yield one
    one.stop()


def counting(pause: float) -> tuple[list[float], Callable[[], float]]:
    """A task that notes when it ran."""
    ran: list[float] = []

    def task() -> float:
        ran.append(time.monotonic())
        return pause

    return ran, task


def test_nothing_runs_before_the_start(keeper: Housekeeper) -> None:
    ran, task = counting(SELDOM)
    wake = keeper.add("task", task)
    wake()
    assert ran == []
    keeper.start()
    wait_until(lambda: ran)


def test_a_task_runs_again_when_it_said(keeper: Housekeeper) -> None:
    ran, task = counting(0.02)
    keeper.add("task", task)
    keeper.start()
    wait_until(lambda: len(ran) >= 4)
    assert ran[3] - ran[0] >= 0.05


def test_a_woken_task_runs_at_once_and_alone(keeper: Housekeeper) -> None:
    woken, task = counting(SELDOM)
    other, another = counting(SELDOM)
    wake = keeper.add("task", task)
    keeper.add("other", another)
    keeper.start()
    wait_until(lambda: woken and other)
    wake()
    wait_until(lambda: len(woken) == 2)
    assert len(other) == 1


def test_a_wake_during_a_run_leads_to_one_more(keeper: Housekeeper) -> None:
    running, go_on, ran = threading.Event(), threading.Event(), []

    def slow() -> float:
        running.set()
        go_on.wait(5)
        ran.append(1)
        return SELDOM

    wake = keeper.add("slow", slow)
    keeper.start()
    assert running.wait(5)
    wake()
    go_on.set()
    wait_until(lambda: len(ran) == 2)


def test_a_task_that_fails_is_counted_tried_again_and_holds_up_nobody(
    keeper: Housekeeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.core.housekeeping.RETRY_AFTER_FAILURE", 0.01)
    ran, task = counting(0.01)

    def fails() -> float:
        raise RuntimeError("broken task")

    keeper.add("broken", fails)
    keeper.add("task", task)
    keeper.start()
    wait_until(lambda: keeper.failures["broken"] >= 2 and len(ran) >= 2)
    assert keeper.failures["task"] == 0 and "broken task" in caplog.text


def test_stopping_is_quick_and_a_start_after_it_goes_on(keeper: Housekeeper) -> None:
    ran, task = counting(SELDOM)
    wake = keeper.add("task", task)
    keeper.start()
    keeper.start()
    wait_until(lambda: ran)
    began = time.monotonic()
    keeper.stop()
    assert time.monotonic() - began < 10
    keeper.start()
    wake()
    wait_until(lambda: len(ran) == 2)
