from __future__ import annotations

import threading

import pytest

from tests.support.waiting import wait_until
from yoto.fifo_lock import FifoLock


def test_one_at_a_time_gets_through() -> None:
    turnstile = FifoLock()
    assert turnstile.enter("name", 0)
    assert not turnstile.enter("name", 0)
    assert turnstile.enter("other", 0)
    turnstile.leave("name")
    assert turnstile.enter("name", 0)


def test_nothing_is_left_when_everybody_is_gone() -> None:
    turnstile = FifoLock()
    turnstile.enter("name", 0)
    assert not turnstile.enter("name", 0.01)
    turnstile.leave("name")
    assert len(turnstile) == 0


def test_who_came_first_gets_through_first() -> None:
    turnstile, order = FifoLock(), []
    turnstile.enter("name", 0)

    def pass_through(number: int) -> None:
        assert turnstile.enter("name", 5)
        order.append(number)
        turnstile.leave("name")

    threads = []
    for number in range(10):
        threads.append(threading.Thread(target=pass_through, args=(number,)))
        threads[-1].start()
        wait_until(lambda: turnstile.waiting == number + 1)
    turnstile.leave("name")
    for thread in threads:
        thread.join()
    assert order == list(range(10))


def test_who_gave_up_is_passed_over() -> None:
    turnstile = FifoLock()
    turnstile.enter("name", 0)
    assert not turnstile.enter("name", 0.01)
    came = threading.Event()

    def wait() -> None:
        if turnstile.enter("name", 5):
            came.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: turnstile._lines["name"])
    turnstile.leave("name")
    assert came.wait(60)
    thread.join()


def test_an_interrupted_wait_does_not_block_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    turnstile = FifoLock()
    turnstile.enter("name", 0)

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading, "Event", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            turnstile.enter("name", 5)
    turnstile.leave("name")
    assert turnstile.enter("name", 0)


def test_whoever_is_interrupted_on_its_turn_passes_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    turnstile = FifoLock()
    turnstile.enter("name", 0)

    class TooLate(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            turnstile.leave("name")
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading, "Event", TooLate)
        with pytest.raises(KeyboardInterrupt):
            turnstile.enter("name", 5)
    assert len(turnstile) == 0
