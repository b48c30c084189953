"""Where to listen: a port of one's own, and named when it is wrong."""

from __future__ import annotations

import socket

import pytest

from app.server.listener import bind
from yoto.errors import ConfigurationError

HOST = "127.0.0.1"


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def test_nobody_is_answered_before_it_listens() -> None:
    with bind(HOST, 0) as bound, pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port_of(bound)), 5)


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_on_which_another_server_listens_is_refused_though_it_would_share(
    shared: bool,
) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(ConfigurationError) as caught:
            bind(HOST, port_of(other))
    assert caught.value.key == "PORT"


def test_a_port_that_is_free_again_is_not_refused() -> None:
    with bind(HOST, 0) as earlier:
        port = port_of(earlier)
    with bind(HOST, port) as again:
        assert port_of(again) == port


@pytest.mark.parametrize("host", ["x" * 300, "192.0.2.1"])  # neither asks a name server
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bind(host, 0)
    assert caught.value.key == "HOST"
