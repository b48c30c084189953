"""Background work: when it is due, when it is woken, and whatever one of the tasks does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from math import inf

import pytest

from tests.conftest import ASYNC_MODE
from tests.support.waiting import wait_until
from yoto.housekeeping import Housekeeper
from yoto.housekeeping.clock import Clock
from yoto.housekeeping.housekeeper import EARLY, in_step

SELDOM = 600.0


@pytest.fixture
def keeper() -> Iterator[Housekeeper]:
    one = Housekeeper("yoto-test-keeper")
    yield one
    one.stop()


def no_thread(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


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
    assert ran[3] - ran[0] >= 3 * 0.02 * (1 - EARLY)


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
        go_on.wait(60)
        ran.append(1)
        return SELDOM

    wake = keeper.add("slow", slow)
    keeper.start()
    assert running.wait(60)
    wake()
    go_on.set()
    wait_until(lambda: len(ran) == 2)


def test_a_task_that_fails_is_counted_tried_again_and_holds_up_nobody(
    keeper: Housekeeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("yoto.housekeeping.housekeeper.RETRY_AFTER_FAILURE", 0.01)
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


@pytest.mark.parametrize("pause", [0.01, 0.3, 0.74, 1.0, 1.3, 2.0, 5.0, 15.0, 600.0])
def test_a_task_is_never_late_and_little_early(pause: float) -> None:
    for now in (1000.0, 1000.1, 1000.77, 1234.9):
        assert pause * (1 - EARLY) - 1e-6 <= in_step(now, pause) - now <= pause + 1e-6
    assert in_step(1000.0, inf) == inf


def test_tasks_fall_due_at_the_same_moments() -> None:
    # Whenever they begun, and though each takes a moment itself.
    settled = set()
    for begun in range(100):
        moment = 1000.0 + begun / 100
        for _ in range(4):
            moment = in_step(moment + 0.01, 1.0)
        settled.add(round((moment - in_step(1000.0, 1.0)) % 1.0, 6) % 1.0)
    assert len(settled) == 1
    # One that takes a moment itself does not drift away from the others.
    first = in_step(1000.0, 5.0)
    assert in_step(first + 0.1, 5.0) == pytest.approx(first + 5.0)


class TestTheClockOfAProcess:
    """The clock that housekeepers share."""

    @pytest.fixture
    def keepers(self) -> Iterator[list[Housekeeper]]:
        many = [Housekeeper(f"yoto-test-keeper-{number}") for number in range(20)]
        yield many
        for one in many:
            one.stop()

    def test_many_housekeepers_have_few_threads(self, keepers: list[Housekeeper]) -> None:
        before = threading.active_count()
        counted = [counting(0.05) for _ in keepers]
        for one, (_, task) in zip(keepers, counted, strict=True):
            one.add("task", task)
            one.start()
        wait_until(lambda: all(len(ran) >= 5 for ran, _ in counted))
        assert threading.active_count() <= before + len(keepers) // 2

    def test_a_task_that_hangs_holds_up_nobody_else(self, keepers: list[Housekeeper]) -> None:
        go_on = threading.Event()
        hanging = threading.Semaphore(0)

        def hangs() -> float:
            hanging.release()
            go_on.wait(30)
            return SELDOM

        *blocked, free = keepers
        for one in blocked:
            one.add("hangs", hangs)
            one.start()
        for _ in blocked:
            assert hanging.acquire(timeout=30)
        ran, task = counting(0.02)
        wake = free.add("task", task)
        free.start()
        wait_until(lambda: len(ran) >= 3)
        wake()
        go_on.set()

    def test_no_thread_is_left_when_nothing_is_to_be_done(self, keepers: list[Housekeeper]) -> None:
        before = set(threading.enumerate())
        ran, task = counting(0.01)
        for one in keepers:
            one.add("task", task)
            one.start()
        wait_until(lambda: len(ran) > 40)
        for one in keepers:
            one.stop()
        wait_until(lambda: not set(threading.enumerate()) - before)

    def test_what_finds_no_thread_has_not_begun(
        self, keeper: Housekeeper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock()
        monkeypatch.setattr("yoto.housekeeping.housekeeper.the_clock", lambda: clock)
        ran, task = counting(SELDOM)
        keeper.add("task", task)
        with monkeypatch.context() as none_left:
            none_left.setattr("threading.Thread.start", no_thread)
            for _ in range(3):
                with pytest.raises(RuntimeError, match="thread"):
                    keeper.start()
        assert not keeper.running and not clock.parts
        keeper.start()
        wait_until(lambda: ran)
        assert len(clock.parts) == 1
        keeper.stop()
        assert ran == ran[:1]

    def test_one_thread_does_all_where_there_is_no_second(
        self, keepers: list[Housekeeper], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock, start, started = Clock(), threading.Thread.start, []

        def only_one(self: threading.Thread) -> None:
            if started:
                no_thread(self)
            started.append(self)
            start(self)

        monkeypatch.setattr("yoto.housekeeping.housekeeper.the_clock", lambda: clock)
        monkeypatch.setattr("threading.Thread.start", only_one)
        counted = [counting(0.02) for _ in keepers]
        for one, (_, task) in zip(keepers, counted, strict=True):
            one.add("task", task)
            one.start()
        wait_until(lambda: all(len(ran) >= 3 for ran, _ in counted))
        assert len(started) == 1

    def test_a_task_may_stop_its_own_housekeeper(self, keeper: Housekeeper) -> None:
        ended = threading.Event()

        def ends() -> float:
            keeper.stop(timeout=30)
            ended.set()
            return 0.0

        keeper.add("ends", ends)
        keeper.start()
        assert ended.wait(10)
        assert not keeper.running

    def test_stopping_waits_for_the_task_that_runs(self, keeper: Housekeeper) -> None:
        running, go_on, done = threading.Event(), threading.Event(), []

        def slow() -> float:
            running.set()
            go_on.wait(30)
            done.append(1)
            return SELDOM

        keeper.add("slow", slow)
        keeper.start()
        assert running.wait(30)
        threading.Timer(0.1, go_on.set).start()
        keeper.stop(timeout=30)
        assert done

    @pytest.mark.skipif(ASYNC_MODE == "eventlet", reason="a hub does not survive a fork")
    # Also where another test has only imported eventlet.
    @pytest.mark.filterwarnings("ignore:Using fork:DeprecationWarning")
    def test_a_child_has_a_clock_of_its_own(self, keeper: Housekeeper) -> None:
        ran, task = counting(SELDOM)
        keeper.add("task", task)
        keeper.start()
        wait_until(lambda: ran)
        child = os.fork()
        if not child:
            seen, another = counting(0.01)
            keeper.add("another", another)
            ran_before = keeper.running
            keeper.start()
            deadline = time.monotonic() + 10
            while not seen and time.monotonic() < deadline:
                time.sleep(0.01)
            os._exit(0 if seen and not ran_before else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
