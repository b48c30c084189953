"""The causes for a worker to drain."""

from __future__ import annotations

import faulthandler
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from app.server.drain import CLOSE_SECONDS, Drain, InFlight


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Puts back what a watching drain does to the signals of this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    wakeup = signal.set_wakeup_fd(-1)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.set_wakeup_fd(wakeup)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("unread", [b"", b"listening"])
def test_a_supervisor_that_dies_ends_its_worker_whatever_it_had_not_read(
    own_signals: None, unread: bytes
) -> None:
    mine, theirs = socket.socketpair()
    left = threading.Event()
    with mine:
        Drain(InFlight(), 1.0, mine).watch(lambda: None, lambda seconds: None, left.set)
        if unread:
            mine.send(unread)
        theirs.close()
        assert left.wait(60)


def test_who_says_it_again_gives_a_worker_no_more_time(
    own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda seconds, exit: limits.append(seconds)
    )
    left = threading.Event()
    wake, waker = socket.socketpair()
    monkeypatch.setattr(socket, "socketpair", lambda: (wake, waker))
    with wake, waker:
        Drain(InFlight(), 1.0, None).watch(lambda: None, lambda seconds: None, left.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
        assert left.wait(60)
        signal.set_wakeup_fd(-1)
    assert limits == [1.0 + CLOSE_SECONDS]
