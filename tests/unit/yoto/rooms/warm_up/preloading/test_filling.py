"""How much of the time a run takes for itself, and when it ends."""

from __future__ import annotations

import threading

import pytest

from yoto.rooms.warm_up.preloading.filling import RunBudget


class Clock:
    """A clock that only moves when somebody works or waits, and what makes waiting move it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited = 0.0

    def __call__(self) -> float:
        return self.now


class FakeStop(threading.Event):
    """An event on which waiting takes no time but that of the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._clock.now += timeout
        self._clock.waited += timeout
        return self.is_set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_quarter_of_the_time_is_work(clock: Clock) -> None:
    budget = RunBudget(1_000.0, 0.25, FakeStop(clock), clock)
    for cost in (1.0, 2.0, 3.0):
        with budget.working():
            clock.now += cost
    assert clock.waited == pytest.approx(18.0)
    assert budget.passed == pytest.approx(24.0)
    assert budget.over is None


def test_all_of_the_time_leaves_no_pause(clock: Clock) -> None:
    budget = RunBudget(1_000.0, 1.0, FakeStop(clock), clock)
    with budget.working():
        clock.now += 5.0
    assert clock.waited == 0.0


def test_no_pause_goes_past_the_end(clock: Clock) -> None:
    budget = RunBudget(10.0, 0.1, FakeStop(clock), clock)
    with budget.working():
        clock.now += 4.0
    assert clock.waited == pytest.approx(6.0)
    assert budget.over == "time"
    budget.rest(5.0)
    assert clock.waited == pytest.approx(6.0)


def test_a_stop_ends_it_at_once(clock: Clock) -> None:
    stop = threading.Event()
    budget = RunBudget(600.0, 0.001, stop)
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    budget.rest(600.0)
    timer.join()
    assert budget.over == "stopped"
