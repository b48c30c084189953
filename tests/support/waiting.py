"""Waiting for a condition, and addresses that nobody has yet."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

HOST = "127.0.0.1"
WAIT_LIMIT = 30.0  # s


def wait_until(condition: Callable[[], object], limit: float = WAIT_LIMIT, what: str = "") -> None:
    """Return as soon as ``condition()`` is true; fail after ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit} s in vain for {what or condition}")
        time.sleep(0.01)


def listening(port: int) -> bool:
    """Whether a local port takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def ready(port: int) -> bool:
    """Whether the application on a local port says that it may be sent requests."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port(cluster: bool = False) -> int:
    """A TCP port that nobody listens on; for a cluster node also the one 10,000 above it."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if not cluster:
            return port
        if port > 55535:
            port -= 20000
        with socket.socket() as probe, socket.socket() as bus:
            try:
                probe.bind((HOST, port))
                bus.bind((HOST, port + 10000))
            except OSError:
                continue
            return port
