"""Waiting for a condition, and addresses that nobody has yet."""

from __future__ import annotations

import itertools
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException

HOST = "127.0.0.1"
# s. A test goes on as soon as its condition holds; on a busy machine what is late is not lost.
WAIT_LIMIT = 120.0
PAUSE, LONGEST_PAUSE = 0.01, 0.25  # s from one question whether a condition holds to the next
# Below those that kernels give to connections that go out, so that an address stays free until its
# server is started, seconds later, and while one that was killed is away. BUS above each is the bus
# of a node of a cluster.
PORTS, BUS = range(10_000, 20_000), 10_000
WORKERS = 8  # processes of one test run, more than there are; each has ports of its own


def wait_until(condition: Callable[[], object], limit: float = WAIT_LIMIT, what: str = "") -> None:
    """Return as soon as ``condition()`` is true; fail after ``limit`` seconds.

    The awaited work needs the processor more than the question, which may be a request that the
    same process answers: the pause between two questions is three times as long as one takes.
    """
    asked = time.monotonic()
    deadline = asked + limit
    while not condition():
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"waited {limit} s in vain for {what or condition}")
        time.sleep(min(max(PAUSE, 3 * (now - asked)), LONGEST_PAUSE))
        asked = time.monotonic()


def listening(port: int) -> bool:
    """Whether a local port takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def ready(port: int, path: str = "/readyz") -> bool:
    """Whether the application on a local port says at ``path`` that it may be sent requests."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A TCP port that nobody listens on, nor on the one 10,000 above it; another at each call."""
    for port in itertools.islice(_ports, len(PORTS)):
        with socket.socket() as probe, socket.socket() as bus:
            try:
                probe.bind((HOST, port))
                bus.bind((HOST, port + BUS))
            except OSError:
                continue
            return port
    raise OSError(f"no port of {PORTS} is free")


def _own_ports() -> Iterator[int]:
    """Those of this process, in an order of its own, and again from the first after the last.

    The last slice is of a run without workers of its own, which may go on beside one that has some.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{WORKERS - 1}").removeprefix("gw"))
    own = list(PORTS[worker % WORKERS :: WORKERS])
    random.SystemRandom().shuffle(own)
    return itertools.cycle(own)


_ports = _own_ports()
