from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.waiting import wait_until
from yoto.cache import refresh as module
from yoto.cache.refresh import Refresher


@pytest.fixture
def calls() -> list[str]:
    """The times that the surroundings were entered and left."""
    return []


@pytest.fixture
def refresher(calls: list[str]) -> Iterator[Refresher]:
    @contextmanager
    def surround() -> Iterator[None]:
        calls.append("in")
        yield
        calls.append("out")

    one = Refresher(surround)
    yield one
    one.close()


def test_a_task_runs_in_the_background_within_its_surroundings(
    refresher: Refresher, calls: list[str]
) -> None:
    ran: list[tuple[int, list[str]]] = []

    def task() -> bool:
        ran.append((threading.get_ident(), list(calls)))
        return True

    refresher.submit("key", task)
    wait_until(lambda: calls == ["in", "out"])
    assert ran[0][0] != threading.get_ident()
    assert ran[0][1] == ["in"]


def test_a_key_is_refreshed_once_however_often_it_is_asked_for(refresher: Refresher) -> None:
    go, ran = threading.Event(), []

    def task() -> bool:
        go.wait(60)
        ran.append(1)
        return True

    for _ in range(50):
        refresher.submit("key", task)
    go.set()
    wait_until(lambda: ran)
    other = threading.Event()
    refresher.submit("other", lambda: bool(other.set()) or True)
    assert other.wait(60)
    assert ran == [1]


def test_after_a_success_it_may_be_asked_for_again(refresher: Refresher) -> None:
    ran = []
    for number in (1, 2):
        wait_until(lambda: refresher.submit("key", lambda: bool(ran.append(1)) or True) or ran)
        wait_until(lambda: len(ran) >= number)
    assert len(ran) >= 2


def test_after_a_failure_it_rests_before_the_next_try(
    refresher: Refresher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    tries: list[int] = []

    def fail() -> bool:
        tries.append(1)
        raise ConnectionError("the database is away")

    refresher.submit("key", fail)
    wait_until(lambda: "failed in the background" in caplog.text)
    rested = threading.Event()
    refresher.submit("other", lambda: bool(rested.set()) or True)
    assert rested.wait(60)
    refresher.submit("key", fail)
    assert tries == [1]
    clock[0] += module.RETRY_PAUSE
    refresher.submit("key", fail)
    wait_until(lambda: len(tries) == 2)


def test_the_queue_is_bounded(refresher: Refresher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUE", 3)
    go, ran = threading.Event(), []

    def task() -> bool:
        go.wait(60)
        ran.append(1)
        return True

    refresher.submit(0, task)
    wait_until(lambda: not refresher._tasks, what="the first task to be taken")
    taken = [refresher.submit(key, task) for key in range(1, 20)]
    assert taken == [True] * 3 + [False] * 16
    go.set()
    wait_until(lambda: len(ran) == 4)
    last = threading.Event()
    refresher.submit("last", lambda: bool(last.set()) or True)
    assert last.wait(60)
    assert len(ran) == 4


def test_tasks_without_a_key_wait_for_no_other(refresher: Refresher) -> None:
    go, ran = threading.Event(), []

    def fail() -> bool:
        go.wait(60)
        ran.append(1)
        return False

    assert all(refresher.submit(None, fail) for _ in range(3))
    go.set()
    wait_until(lambda: len(ran) == 3)
    assert refresher.submit(None, fail)
    wait_until(lambda: len(ran) == 4)
