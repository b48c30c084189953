"""Where to listen: shared with one's own workers, with nobody else, and named when it is wrong."""

from __future__ import annotations

import socket

import pytest

from app.server.listener import bind, listen, refuse_taken
from yoto.errors import ConfigurationError

HOST = "127.0.0.1"


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def test_workers_share_a_port() -> None:
    with listen(HOST, 0) as first, listen(HOST, port_of(first)) as second:
        assert port_of(first) == port_of(second)


def test_a_port_on_which_another_server_listens_is_refused_though_it_would_share() -> None:
    with listen(HOST, 0) as other:
        with pytest.raises(ConfigurationError) as caught:
            refuse_taken(HOST, port_of(other))
    assert caught.value.key == "PORT"


def test_a_port_that_is_free_again_or_any_port_is_not_refused() -> None:
    with listen(HOST, 0) as earlier:
        port = port_of(earlier)
    refuse_taken(HOST, port)
    refuse_taken(HOST, 0)


def test_a_port_that_somebody_has_alone_is_refused() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(ConfigurationError) as caught:
            bind(HOST, port_of(other))
    assert caught.value.key == "PORT"


@pytest.mark.parametrize("host", ["x" * 300, "192.0.2.1"])  # neither asks a name server
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bind(host, 0)
    assert caught.value.key == "HOST"
