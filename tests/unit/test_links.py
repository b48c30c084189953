"""The links that tests break: each fault does what its name says, is counted, and heals."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.links import Link, link_to
from tests.support.waiting import wait_until

PATIENCE = 10.0  # s for what comes
SILENCE = 0.1  # s in which what does not come has not come


class Echo(socketserver.BaseRequestHandler):
    """Gives back what it gets."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of a server that gives back what it gets."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def link(echo: int) -> Iterator[Link]:
    with link_to(echo) as link:
        yield link


def connect(link: Link) -> socket.socket:
    return socket.create_connection((link.host, link.port), PATIENCE)


def ask(connection: socket.socket, data: bytes = b"hello", patience: float = PATIENCE) -> bytes:
    """Send ``data``, and return as much as was sent of the answer.

    Raises: EOFError: it ended in order; ConnectionError: it was reset.
    """
    connection.settimeout(patience)
    connection.sendall(data)
    found = b""
    while len(found) < len(data):
        more = connection.recv(65536)
        if not more:
            raise EOFError("it ended in order")
        found += more
    return found


def test_it_forwards_and_counts_nothing(link: Link) -> None:
    data = bytes(range(256)) * 4000
    with connect(link) as one, connect(link) as other:
        assert ask(one, data) == data
        assert ask(other) == b"hello"
    assert (link.touched, link.fault) == (0, None)


def test_a_cut_resets_what_is_open_and_what_is_new(link: Link) -> None:
    with connect(link) as before:
        ask(before)
        link.cut()
        with pytest.raises(ConnectionResetError):
            ask(before)
    with pytest.raises(ConnectionResetError), connect(link) as new:
        ask(new)
    assert link.touched >= 2
    link.heal()
    with connect(link) as after:
        assert ask(after) == b"hello"


def test_who_is_refused_finds_nobody(link: Link) -> None:
    link.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(link)
    link.heal()
    with connect(link) as after:
        assert ask(after) == b"hello"


def test_a_half_open_link_takes_bytes_and_says_nothing_until_it_heals(link: Link) -> None:
    with connect(link) as before:
        ask(before)
        link.half_open()
        with connect(link) as new:
            for one in (before, new):
                with pytest.raises(TimeoutError):
                    ask(one, patience=SILENCE)
            wait_until(lambda: link.touched >= 2)
            link.heal()
            for one in (before, new):
                with pytest.raises(ConnectionResetError):
                    ask(one)
    with connect(link) as after:
        assert ask(after) == b"hello"


def test_garbage_is_as_long_as_the_answer(link: Link) -> None:
    link.garbage()
    with connect(link) as one:
        found = ask(one)
    assert len(found) == len(b"hello") and found != b"hello"


def test_a_delay_holds_each_exchange_up_and_loses_nothing(link: Link) -> None:
    with connect(link) as one:
        ask(one)
        link.delay(0.2)
        began = time.monotonic()
        assert ask(one, b"late") == b"late"
        assert time.monotonic() - began >= 0.2
        one.sendall(b"on its way")
        wait_until(lambda: link.touched >= 3)
        link.heal()
        one.settimeout(PATIENCE)
        assert one.recv(100) == b"on its way"


def test_a_slow_link_carries_so_much_a_second(link: Link) -> None:
    link.slow(10_000)
    with connect(link) as one:
        began = time.monotonic()
        assert ask(one, bytes(2_000)) == bytes(2_000)
        assert time.monotonic() - began >= 0.2


def test_one_answer_is_lost_after_the_request_has_arrived(link: Link) -> None:
    with connect(link) as one, connect(link) as other:
        ask(one), ask(other)
        link.lose_reply()
        with pytest.raises(ConnectionResetError):
            ask(one)
        assert link.fault is None
        assert ask(other) == b"hello"


def test_new_connections_are_led_elsewhere(link: Link) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        link.lead_to(*elsewhere.getsockname())
        with connect(link) as one:
            one.sendall(b"hello")
            arrived, _ = elsewhere.accept()
            with arrived:
                assert arrived.recv(5) == b"hello"
