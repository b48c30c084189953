"""Counting the requests that run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.server.served import Served


def body_of(served: Served, environ: dict[str, str] | None = None) -> Any:
    return served(environ or {}, lambda *_: None)


def words(*_: Any) -> Iterator[bytes]:
    yield b"one"
    yield b"two"


def test_a_request_runs_until_its_body_is_closed() -> None:
    served = Served(words, 0)
    body = body_of(served)
    assert not served.in_flight.wait_until_none(0)
    body.close()
    body.close()
    assert served.in_flight.wait_until_none(0)


def test_a_body_that_was_read_and_never_closed_counts_no_longer() -> None:
    served = Served(words, 0)
    assert list(body_of(served)) == [b"one", b"two"]
    assert served.in_flight.wait_until_none(0)


def test_a_body_half_read_counts_until_it_is_dropped() -> None:
    served = Served(words, 0)
    rest = iter(body_of(served))
    next(rest)
    assert not served.in_flight.wait_until_none(0)
    del rest
    assert served.in_flight.wait_until_none(0)


def test_a_request_that_raises_counts_no_longer() -> None:
    def broken(*_: Any) -> Iterator[bytes]:
        raise RuntimeError("broken")

    served = Served(broken, 0)
    list(body_of(served))
    assert served.in_flight.wait_until_none(0)


def test_a_request_that_is_cut_off_counts_no_longer() -> None:
    def cut(*_: Any) -> Iterator[bytes]:
        raise GeneratorExit

    served = Served(cut, 0)
    with pytest.raises(GeneratorExit):
        body_of(served)
    assert served.in_flight.wait_until_none(0)


def test_who_waits_is_woken_by_the_last() -> None:
    served = Served(words, 0)
    bodies = [body_of(served) for _ in range(3)]
    waiting = threading.Thread(target=lambda: [body.close() for body in bodies])
    waiting.start()
    assert served.in_flight.wait_until_none(10)
    waiting.join()


def test_a_websocket_is_not_waited_for() -> None:
    served = Served(words, 0)
    body_of(served, {"HTTP_UPGRADE": "WebSocket"})
    assert served.in_flight.wait_until_none(0)
