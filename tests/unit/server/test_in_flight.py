"""Counting the requests that run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.server.drain import InFlight


def body_of(in_flight: InFlight, environ: dict[str, str] | None = None) -> Any:
    return in_flight(environ or {}, lambda *_: None)


def words(*_: Any) -> Iterator[bytes]:
    yield b"one"
    yield b"two"


def test_a_request_runs_until_its_body_is_closed() -> None:
    in_flight = InFlight(words)
    body = body_of(in_flight)
    assert not in_flight.wait_until_none(0)
    body.close()
    body.close()
    assert in_flight.wait_until_none(0)


def test_a_body_that_was_read_and_never_closed_counts_no_longer() -> None:
    in_flight = InFlight(words)
    assert list(body_of(in_flight)) == [b"one", b"two"]
    assert in_flight.wait_until_none(0)


def test_a_body_half_read_counts_until_it_is_dropped() -> None:
    in_flight = InFlight(words)
    rest = iter(body_of(in_flight))
    next(rest)
    assert not in_flight.wait_until_none(0)
    del rest
    assert in_flight.wait_until_none(0)


def test_a_request_that_raises_counts_no_longer() -> None:
    def broken(*_: Any) -> Iterator[bytes]:
        raise RuntimeError("broken")

    in_flight = InFlight(broken)
    with pytest.raises(RuntimeError):
        body_of(in_flight)
    assert in_flight.wait_until_none(0)


def test_a_websocket_is_not_waited_for() -> None:
    in_flight = InFlight(words)
    body_of(in_flight, {"HTTP_UPGRADE": "WebSocket"})
    assert in_flight.wait_until_none(0)
