"""How many plain connections there may be, and how long each thing may take."""

from __future__ import annotations

import io
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

import app.server.connections as module
from app.server.connections import (
    REQUESTS_AT_ONCE,
    TOO_MANY,
    TOO_SLOW,
    Connection,
    ConnectionLimits,
    Connections,
    TooSlow,
)

LIMITS = ConnectionLimits(most=5, of_one=3, head=0.1, body=0.2, keep_alive=0.1)
PATIENT = replace(LIMITS, head=60.0, body=60.0, keep_alive=60.0)
HERE, THERE = "192.0.2.1", "192.0.2.2"
STREAMS: list[io.BufferedReader] = []


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The ends of the client and of the server."""
    client, server = socket.socketpair()
    client.settimeout(5)
    yield client, server
    # A socket is open for as long as a file on it is.
    while STREAMS:
        STREAMS.pop().close()
    for end in (client, server):
        end.close()
        # eventlet's own keeps another inside, which its files hold open.
        inner = getattr(end, "fd", end)
        if inner.fileno() >= 0:
            os.close(inner.detach())


def reader(connection: Connection) -> io.BufferedReader:
    """The stream from which a server reads requests; the fixture closes it."""
    STREAMS.append(module.reader(connection))
    return STREAMS[-1]


def admitted(server: socket.socket, limits: ConnectionLimits = LIMITS) -> Connection:
    found = Connections(limits).admit(server, HERE)
    assert found is not None
    found.await_request()
    return found


def drip(client: socket.socket, stream: io.BufferedReader, seconds: float) -> None:
    """Send and read a byte now and then, until ``seconds`` are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        client.sendall(b"x")
        assert stream.read(1) == b"x"
        time.sleep(0.01)


def test_what_is_here_is_read_by_a_worker_that_looks_late(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    connection = admitted(server)
    client.sendall(b"GET / HTTP/1.1\r\n")
    time.sleep(LIMITS.head + 0.05)
    assert reader(connection).readline() == b"GET / HTTP/1.1\r\n"


def test_an_address_has_so_many_and_all_together_so_many(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    connections = Connections(LIMITS)
    first = connections.admit(server, HERE)
    assert first is not None and connections.admit(server, HERE) and connections.admit(server, HERE)
    assert connections.admit(server, HERE) is None
    assert client.recv(1000) == TOO_MANY
    assert connections.admit(server, THERE) and connections.admit(server, THERE)
    assert connections.admit(server, "192.0.2.3") is None
    first.leave()
    first.leave()
    assert len(connections) == 4
    assert connections.admit(server, "192.0.2.3") is not None


def test_a_network_of_ipv6_counts_as_one(pair: tuple[socket.socket, socket.socket]) -> None:
    connections = Connections(LIMITS)
    found = [connections.admit(pair[1], f"2001:db8::{number}") for number in range(1, 5)]
    assert [one is None for one in found] == [False, False, False, True]
    assert connections.admit(pair[1], "2001:db8:0:1::1") is not None


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
def test_at_the_end_only_connections_of_proxies_are_waited_for(
    pair: tuple[socket.socket, socket.socket], proxied: bool
) -> None:
    connections = Connections(replace(LIMITS, proxied=proxied))
    admitted = connections.admit(pair[1], HERE)
    assert admitted is not None and not admitted.ends
    end = threading.Thread(target=connections.end, args=(60.0,))
    end.start()
    if proxied:
        end.join(0.1)
        assert end.is_alive()
        admitted.leave()
    end.join(10)
    assert not end.is_alive()
    assert admitted.ends


def test_at_the_end_a_proxy_that_lets_go_of_nothing_is_waited_for_so_long(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connections = Connections(replace(LIMITS, proxied=True))
    assert connections.admit(pair[1], HERE) is not None
    connections.end(0.05)
    assert len(connections) == 1


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
    assert reader(admitted(pair[1])).readline() == b""


def test_a_head_that_drips_is_answered_408_and_cut(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    stream = reader(admitted(server))
    client.sendall(b"GET / HTTP/1.1\r\nHost")
    assert stream.readline() == b"GET / HTTP/1.1\r\n"
    assert stream.read(4) == b"Host"
    drip(client, stream, LIMITS.head)
    with pytest.raises(TooSlow):
        stream.read(1)
    assert client.recv(1000) == TOO_SLOW
    assert client.recv(1) == b""


def test_each_byte_of_a_body_does_not_start_its_time_anew(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    connection = admitted(server, replace(PATIENT, body=1.0))
    connection.begin_body()
    stream = reader(connection)
    drip(client, stream, 1.0)
    began = time.monotonic()
    with pytest.raises(TooSlow):
        stream.read(1)
    assert time.monotonic() - began < 0.9
    # The answer is written, and what the client still sends is not read.
    connection.begin_answer()
    assert stream.read(1) == b""
    connection.await_request()
    assert stream.readline() == b""


def test_the_next_request_has_the_time_of_a_head_from_its_first_byte(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    connection = admitted(server, replace(PATIENT, keep_alive=0.1))
    connection.begin_answer()
    connection.await_request()
    client.sendall(b"G")
    stream = reader(connection)
    assert stream.read(1) == b"G"
    time.sleep(0.15)
    client.sendall(b"E")
    assert stream.read(1) == b"E"
    connection.begin_answer()
    connection.await_request()
    assert stream.read(1) == b""


def test_others_get_their_turn_between_two_requests_of_one(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    turns: list[int] = []
    connection = Connections(LIMITS, lambda: turns.append(1)).admit(pair[1], HERE)
    assert connection is not None
    for _ in range(2 * REQUESTS_AT_ONCE + 1):
        connection.await_request()
    assert len(turns) == 2


def test_who_does_not_read_is_cut(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEND_SECONDS", 0.1)
    stream = admitted(pair[1]).stream()
    with pytest.raises(TooSlow):
        stream.write(bytes(10_000_000))
    with pytest.raises(BrokenPipeError):
        stream.write(b"x")


def test_a_websocket_has_no_time_outs_and_is_counted_elsewhere(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connections = Connections(LIMITS)
    connection = connections.admit(pair[1], HERE)
    assert connection is not None
    connection.await_request()
    connection.begin_answer()
    connection.begin_websocket()
    assert pair[1].gettimeout() is None
    assert len(connections) == 0
