"""How many plain connections there may be, and how long each thing may take."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

import app.server.connections as module
from app.server.connections import (
    REQUESTS_AT_ONCE,
    SWEEP_SECONDS,
    TOO_MANY,
    TOO_SLOW,
    Connection,
    ConnectionLimits,
    Connections,
)

LIMITS = ConnectionLimits(most=5, of_one=3, head=0.1, body=0.2, keep_alive=0.1)
PATIENT = replace(LIMITS, head=60.0, body=60.0, keep_alive=60.0)
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The ends of the client and of the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), 5)
        server, _ = listener.accept()
    with client, server:
        yield client, server


def admitted(server: socket.socket, limits: ConnectionLimits = LIMITS) -> Connection:
    found = Connections(limits).admit(server, HERE)
    assert found is not None
    found.await_request()
    return found


def swept(one: Connection, seconds: float) -> None:
    """As its server does for so long."""
    end = time.monotonic() + seconds + 2 * SWEEP_SECONDS
    while time.monotonic() < end:
        one._all.sweep()
        time.sleep(0.01)


def others(count: int) -> Iterator[socket.socket]:
    """More ends of servers."""
    for _ in range(count):
        client, server = socket.socketpair()
        with client, server:
            yield server


def test_a_worker_that_stood_still_reads_first_what_is_here(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one = admitted(pair[1])
    one.begin_head()
    time.sleep(LIMITS.head + SWEEP_SECONDS)
    one._all.sweep()
    assert not one.late
    one.begin_answer()
    swept(one, 0)
    assert not one.late


def test_an_address_has_so_many_and_all_together_so_many(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, refused = pair
    connections = Connections(LIMITS)
    with contextlib.closing(others(6)) as ends:
        first = connections.admit(next(ends), HERE)
        assert first is not None
        assert connections.admit(next(ends), HERE) and connections.admit(next(ends), HERE)
        assert not connections.admit(refused, HERE)
        assert client.recv(1000) == TOO_MANY
        assert connections.admit(next(ends), THERE) and connections.admit(next(ends), THERE)
        assert not connections.admit(refused, "192.0.2.3")
        first.leave()
        first.leave()
        assert len(connections) == 4
        assert connections.admit(next(ends), "192.0.2.3")


def test_a_network_of_ipv6_counts_as_one() -> None:
    connections = Connections(LIMITS)
    ends = list(others(5))
    found = [connections.admit(end, f"2001:db8::{n}") for n, end in enumerate(ends[:4], 1)]
    assert [one is not None for one in found] == [True, True, True, False]
    assert connections.admit(ends[4], "2001:db8:0:1::1")


def test_behind_proxies_no_address_is_bounded_since_they_bring_everybody() -> None:
    config = {
        "CONNECTIONS_MAX": 9,
        "CONNECTIONS_PER_ADDRESS": 3,
        "REQUEST_HEAD_SECONDS": 1.0,
        "REQUEST_BODY_SECONDS": 2.0,
        "KEEP_ALIVE_SECONDS": 3.0,
    }
    expected = ConnectionLimits(9, 3, 1.0, 2.0, 3.0)
    assert ConnectionLimits.of(config | {"TRUSTED_PROXIES": 0}) == expected
    behind = replace(expected, of_one=None, proxied=True)
    assert ConnectionLimits.of(config | {"TRUSTED_PROXIES": 1}) == behind


@pytest.mark.parametrize("proxied", [True, False])
def test_at_the_end_idle_connections_are_waited_for_if_a_proxy_may_use_them(
    pair: tuple[socket.socket, socket.socket], proxied: bool
) -> None:
    one = admitted(pair[1], replace(PATIENT, proxied=proxied))
    assert not one.ends
    assert one._all.end(0.05) is not proxied
    assert one.ends
    one.leave()
    assert one._all.end(0)


@pytest.mark.parametrize("running", ["begin_body", "begin_answer"])
def test_at_the_end_the_last_that_runs_is_waited_for(
    pair: tuple[socket.socket, socket.socket], running: str
) -> None:
    one = admitted(pair[1], PATIENT)
    getattr(one, running)()
    assert not one._all.end(0.05)
    threading.Timer(0.1, one.leave).start()
    assert one._all.end(10)


def test_at_the_end_nobody_waits_for_websockets_and_heads(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one = admitted(pair[1], PATIENT)
    one.begin_head()
    assert one._all.end(0)
    one.begin_answer()
    one.begin_websocket()
    assert one._all.end(0)


def test_a_flood_leaves_few_lines(
    pair: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    connections = Connections(replace(LIMITS, of_one=0))
    with caplog.at_level(logging.WARNING, "app.server.connections"):
        for _ in range(50):
            connections.admit(pair[1], HERE)
    assert [one.getMessage() for one in caplog.records] == [
        f"1 connections refused: one address, last of {HERE}"
    ]


def test_who_sends_nothing_is_at_its_end(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    swept(admitted(server), LIMITS.head)
    assert server.recv(1) == client.recv(1) == b""


def test_a_head_that_drips_is_answered_408_and_cut(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    one = admitted(server)
    one.begin_head()
    began = time.monotonic()
    while not one.late and time.monotonic() < began + 5:
        client.sendall(b"x")
        server.recv(10)
        one._all.sweep()
        time.sleep(0.01)
    assert client.recv(1000) == TOO_SLOW
    assert client.recv(1) == b""
    assert one.ends


def test_a_body_that_drips_ends_while_an_answer_can_be_written(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    one = admitted(server)
    one.begin_body()
    began = time.monotonic()
    while not one.late and time.monotonic() < began + 5:
        client.sendall(b"x")
        server.recv(10)
        one._all.sweep()
        time.sleep(0.01)
    assert time.monotonic() - began >= LIMITS.body
    while server.recv(10):
        pass
    server.sendall(b"answer")
    assert client.recv(10) == b"answer"
    assert one.ends


def test_who_waits_in_a_read_is_woken(pair: tuple[socket.socket, socket.socket]) -> None:
    one = admitted(pair[1])
    one.begin_body()
    read: list[bytes] = []
    waiting = threading.Thread(target=lambda: read.append(pair[1].recv(1)))
    waiting.start()
    swept(one, LIMITS.body)
    waiting.join(5)
    assert read == [b""]


def test_the_next_request_has_the_time_of_a_head_from_its_first_byte(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one = admitted(pair[1], replace(PATIENT, keep_alive=0.1))
    one.begin_head()
    one.begin_answer()
    one.await_request()
    one.begin_head()
    swept(one, 0.1)
    assert not one.late
    one.begin_answer()
    one.await_request()
    swept(one, 0.1)
    assert one.late


def test_an_answer_takes_as_long_as_it_takes(pair: tuple[socket.socket, socket.socket]) -> None:
    one = admitted(pair[1])
    one.begin_head()
    one.begin_answer()
    swept(one, LIMITS.body)
    assert not one.late


def test_others_get_their_turn_between_two_requests_of_one(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    turns: list[int] = []
    one = Connections(LIMITS, lambda: turns.append(1)).admit(pair[1], HERE)
    assert one is not None
    for _ in range(2 * REQUESTS_AT_ONCE + 1):
        one.await_request()
        one.begin_head()
    assert len(turns) == 2


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="of Linux")
def test_who_does_not_read_is_cut(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEND_SECONDS", 1)
    admitted(pair[1])
    with pytest.raises(TimeoutError):
        pair[1].sendall(bytes(50_000_000))
    with pytest.raises(BrokenPipeError):
        pair[1].send(b"x")


def test_a_websocket_has_no_time_outs_and_is_counted_elsewhere(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one = admitted(pair[1])
    connections = one._all
    one.begin_websocket()
    assert len(connections) == 0
    swept(one, LIMITS.head)
    assert not one.late
    connections.cut_websockets()
    assert pair[1].recv(1) == b""
