"""A client that is told late that time is up looks once more; one told in time does not."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import exceptions

from yoto.redis.patience import STALL, PatientTCP, PatientTLS

# The connection itself comes at once, so a long time for it leaves room for a busy machine.
CONNECT, ANSWER = 2.0, 3 * STALL


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections, by its kernel, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def taken(listener: socket.socket) -> int:
    """How many connections came."""
    found = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_handshake_that_nobody_answers_is_tried_once(silent: socket.socket) -> None:
    connection: Any = PatientTLS(
        port=silent.getsockname()[1],
        host="127.0.0.1",
        socket_connect_timeout=CONNECT,
        socket_timeout=ANSWER,
    )
    with pytest.raises(exceptions.TimeoutError, match="may not speak TLS"):
        connection._connect()
    assert taken(silent) == 1
    # The socket that eventlet makes of ours is left to the collector when its handshake fails,
    # and the loop keeps the failure until it has run anything else.
    time.sleep(0.001)
    gc.collect()


@pytest.mark.parametrize("late", [False, True])
def test_only_a_time_out_that_is_noticed_late_is_doubted(
    monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    clock = [0.0]
    tries: list[int] = []

    def open_slowly(_: Any) -> None:
        clock[0] += CONNECT + (2 * STALL if late else 0.0)
        tries.append(1)
        raise TimeoutError

    monkeypatch.setattr("redis.connection.Connection._connect", open_slowly)
    monkeypatch.setattr("yoto.redis.patience.time.monotonic", lambda: clock[0])
    connection: Any = PatientTCP(host="127.0.0.1", socket_connect_timeout=CONNECT)
    with pytest.raises(TimeoutError):
        connection._connect()
    assert len(tries) == 1 + late
