"""Deadlines of the work at hand, and who works under them."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from yoto import DeadlineExceeded, check_deadline, deadline, deadlines, remaining

LONG, LONGER = 60.0, 600.0
# Seconds after which this deadline is over for sure.
SHORT = 0.001


def pass_deadline() -> None:
    time.sleep(2 * SHORT)


def test_work_has_no_deadline_unless_it_is_given_one() -> None:
    assert remaining() is None
    check_deadline()
    assert deadlines.left_of(5.0) == 5.0


def test_what_remains_falls_and_never_below_nothing() -> None:
    with deadline(LONG):
        first = remaining()
        second = remaining()
        assert first is not None and second is not None
        assert second <= first <= LONG
    with deadline(SHORT):
        pass_deadline()
        assert remaining() == 0.0


def test_nothing_begins_after_the_deadline() -> None:
    with deadline(SHORT):
        pass_deadline()
        with pytest.raises(DeadlineExceeded) as caught:
            check_deadline()
        assert caught.value.deadline == SHORT
        with pytest.raises(DeadlineExceeded):
            deadlines.left_of(1.0)
        with pytest.raises(DeadlineExceeded), deadline(LONG):
            raise AssertionError("it was begun")
    check_deadline()


def test_what_ends_things_goes_on_after_it() -> None:
    with deadline(SHORT):
        pass_deadline()
        with deadlines.ending():
            check_deadline()
            assert deadlines.left_of(3.0) == 3.0
        assert deadlines.cut(3.0) == 3.0
        assert deadlines.has_passed()


@given(some.lists(some.floats(min_value=1.0, max_value=1e6), min_size=1, max_size=6))
def test_the_nearest_of_nested_deadlines_counts(seconds: list[float]) -> None:
    def within(rest: list[float], nearest: float) -> None:
        if rest:
            with deadline(rest[0]):
                within(rest[1:], min(nearest, rest[0]))
        left = remaining()
        assert (left is None) == math.isinf(nearest)
        assert left is None or left <= nearest

    within(seconds, math.inf)
    assert remaining() is None


def test_functions_coroutines_and_generators_work_under_theirs() -> None:
    @deadline(LONG)
    def plain() -> float | None:
        return remaining()

    @deadline(LONG)
    async def waiting() -> float | None:
        await asyncio.sleep(0)
        return remaining()

    @deadline(LONG)
    def items() -> Iterator[float | None]:
        yield remaining()
        yield remaining()

    assert 0 < (plain() or 0) <= LONG
    assert 0 < (asyncio.run(waiting()) or 0) <= LONG
    for item in items():
        assert 0 < (item or 0) <= LONG
        assert remaining() is None
    assert deadlines.seconds_of(plain) == LONG
    assert deadlines.seconds_of(deadline(1.0)(plain)) == 1.0
    assert deadlines.seconds_of(test_what_ends_things_goes_on_after_it) is None


def test_a_generator_hears_what_its_consumer_sends_and_raises() -> None:
    @deadline(LONG)
    def answers() -> Any:
        got = yield "first"
        try:
            yield got
        except KeyError:
            yield "caught"
        return "end"

    def through() -> Any:
        return (yield from answers())

    running = through()
    assert next(running) == "first"
    assert running.send("second") == "second"
    assert running.throw(KeyError()) == "caught"
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value == "end"


@pytest.mark.parametrize("wrong", [0, -1, math.inf, math.nan, True, "2", None])
def test_a_deadline_is_a_finite_number_of_seconds(wrong: Any) -> None:
    with pytest.raises(ValueError, match="deadline: seconds above 0"):
        deadline(wrong)


def test_a_class_has_no_deadline() -> None:
    with pytest.raises(TypeError, match="deadline"):
        deadline(1.0)(dict)


def in_thread(name: str | None = None) -> float | None:
    found: list[float | None] = []
    thread = threading.Thread(target=lambda: found.append(remaining()), name=name)
    thread.start()
    thread.join()
    return found[0]


def test_threads_and_tasks_work_under_the_deadline_of_who_began_them() -> None:
    deadlines.carry_on()
    deadlines.carry_on()
    assert in_thread() is None
    with ThreadPoolExecutor(1) as pool:
        with deadline(LONG):
            assert 0 < (in_thread() or 0) <= LONG
            assert in_thread("yoto-of-all") is None
            assert 0 < (pool.submit(remaining).result() or 0) <= LONG
        # The thread of the pool was begun under a deadline, and is not bound by it.
        assert pool.submit(remaining).result() is None


def test_a_thread_that_outlives_the_work_is_free_of_its_deadline() -> None:
    deadlines.carry_on()
    ended, found = threading.Event(), []

    def work() -> None:
        ended.wait(LONG)
        found.append(remaining())

    thread = threading.Thread(target=work)
    with deadline(LONG):
        thread.start()
    ended.set()
    thread.join()
    assert found == [None]


@pytest.mark.parametrize(
    ("loop", "spawn"),
    [
        ("eventlet.greenthread", "eventlet.greenthread.spawn(show).wait()"),
        ("gevent.greenlet", "gevent.greenlet.Greenlet.spawn(show).join()"),
    ],
)
def test_greenlets_work_under_the_deadline_of_who_began_them(loop: str, spawn: str) -> None:
    program = f"""
import {loop}
from yoto import deadline, deadlines, remaining
deadlines.carry_on()
def show():
    print(remaining() is not None)
with deadline(60.0):
    {spawn}
{spawn}
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["True", "False"]


def test_the_error_says_where_the_time_went() -> None:
    with deadline(SHORT):
        with deadlines.spending("warehouse"):
            pass_deadline()
        with pytest.raises(DeadlineExceeded) as caught:
            check_deadline()
    assert caught.value.spent["warehouse"] >= SHORT
