"""A client of its own process, which ``wrk`` cannot be: it asks at a rate, at random moments.

``python -m benchmarks.http.client PORT PATH SECONDS [--rate R] [--token T]`` prints its results as
JSON. With a rate, requests become due at random moments (a Poisson process, always the same one),
and each takes the time from when it was due until its answer is there: a wait for a free connection
counts, too. Without, each connection asks as fast as answers come.
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.http.rows import CONNECTIONS

SEED = 14
PATIENCE = 10.0  # s without any answer
MOST = 65536  # bytes read at once


class NotAnswered(Exception):
    """An answer is missing, or is no 200."""


class Connection:
    """A connection with at most one request on its way; opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.due = 0.0
        self.socket: socket.socket | None = None
        self._port = port
        self._answer = b""

    def send(self, request: bytes, due: float) -> socket.socket:
        """Begin a request that was due at ``due``; returns the socket of its answer."""
        self.due, self._answer = due, b""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self._port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        return self.socket

    def read(self) -> bool:
        """Take the bytes that have come; whether the answer is whole.

        Raises:
            NotAnswered: it is no 200, or ended early.
        """
        assert self.socket is not None
        read = self.socket.recv(MOST)
        self._answer += read
        whole = is_whole(self._answer)
        if not (read or whole) or (whole and not self._answer.startswith(b"HTTP/1.1 200 ")):
            raise NotAnswered(self._answer[:500].decode("latin-1"))
        if whole and b"\nconnection: close" in self._answer.lower():
            self.close()
        return whole

    def close(self) -> None:
        """Close it, until it is used again."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def is_whole(answer: bytes) -> bool:
    """Whether these bytes are a whole answer, which must say its length."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    raise NotAnswered(f"no Content-Length: {head.decode('latin-1')}")


def moments(rate: float, seconds: float) -> Iterator[float]:
    """The due times of requests: seconds from the beginning, at random, ``rate`` a second."""
    chance = random.Random(SEED)
    at = chance.expovariate(rate)
    while at < seconds:
        yield at
        at += chance.expovariate(rate)


@dataclass(frozen=True, slots=True)
class Seen:
    """A client's results: the seconds that it asked, and those of each answer."""

    seconds: float
    latencies: Sequence[float]

    def to_mapping(self) -> dict[str, float]:
        """Requests, requests a second, and milliseconds."""
        ordered = sorted(self.latencies)
        return {
            "requests": len(ordered),
            "rate": len(ordered) / self.seconds,
            "p50 ms": quantile(ordered, 0.5) * 1e3,
            "p99 ms": quantile(ordered, 0.99) * 1e3,
        }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that such a share does not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def ask(port: int, request: bytes, seconds: float, rate: float | None) -> Seen:
    """Ask for so long over all connections.

    Raises:
        NotAnswered: a request was not answered by 200.
    """
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    try:
        return _ask(connections, request, seconds, rate)
    finally:
        for one in connections:
            one.close()


def _ask(
    connections: Sequence[Connection], request: bytes, seconds: float, rate: float | None
) -> Seen:
    free = deque(connections)
    # Not the default: epoll sleeps whole milliseconds.
    waiting = selectors.SelectSelector()
    started = time.perf_counter()
    coming = moments(rate, seconds) if rate is not None else None
    due = next(coming, None) if coming is not None else 0.0
    latencies: list[float] = []
    while due is not None or len(free) < len(connections):
        now = time.perf_counter() - started
        while free and due is not None and due <= now:
            one = free.popleft()
            answers = one.send(request, due if coming is not None else now)
            waiting.register(answers, selectors.EVENT_READ, one)
            if coming is not None:
                due = next(coming, None)
            elif now > seconds:
                due = None
        pause = max(0.0, due - now) if due is not None and free else PATIENCE
        ready = waiting.select(pause)
        if not ready and pause == PATIENCE:
            raise NotAnswered(f"{len(connections) - len(free)} requests in {PATIENCE:g} s")
        for key, _ in ready:
            one = key.data
            if one.read():
                latencies.append(time.perf_counter() - started - one.due)
                waiting.unregister(key.fileobj)
                free.append(one)
    return Seen(time.perf_counter() - started, latencies)


def request_for(path: str, token: str | None) -> bytes:
    """A ``GET``, as bytes."""
    headers = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        headers.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*headers, "", ""]).encode()


def main() -> None:
    """Ask, and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--token")
    options = parser.parse_args()
    request = request_for(options.path, options.token)
    seen = ask(options.port, request, options.seconds, options.rate)
    print(json.dumps(seen.to_mapping()))


if __name__ == "__main__":
    main()
