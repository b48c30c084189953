"""What tells a worker to drain."""

from __future__ import annotations

import faulthandler
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from app.server.connections import ConnectionLimits, Connections
from app.server.drain import CLOSE_SECONDS, Ending
from tests.support.waiting import wait_until

LIMITS = ConnectionLimits(most=5, of_one=3, head=60.0, body=60.0, keep_alive=60.0)


@pytest.fixture
def own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts back what it does to the signals of this process, which it does not outlive else."""
    wake, waker = socket.socketpair()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    wakeup = signal.set_wakeup_fd(-1)
    with monkeypatch.context() as patched, wake, waker:
        patched.setattr(socket, "socketpair", lambda: (wake, waker))
        yield
        signal.set_wakeup_fd(-1)
        waker.send(b"\0")
        wait_until(lambda: not any("_wait_for" in one.name for one in threading.enumerate()))
    faulthandler.cancel_dump_traceback_later()
    signal.set_wakeup_fd(wakeup)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_master_that_dies_ends_its_worker(own_signals: None) -> None:
    stopped: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname(), 5)
        mine, _ = listener.accept()
    with mine:
        ending = Ending(1.0, mine)
        theirs.close()
        ending.drain(Connections(LIMITS), lambda: stopped.append(1))
    assert stopped == [1]


def test_who_says_it_again_gives_a_worker_no_more_time(
    own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda seconds, exit: limits.append(seconds)
    )
    ending = Ending(1.0, None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.raise_signal(number)
    ending.drain(Connections(LIMITS), lambda: None)
    assert limits == [1.0 + CLOSE_SECONDS]
