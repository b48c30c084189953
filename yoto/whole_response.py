"""Connections with a time-out for a whole response.

A socket's time-out is for each read: a server that sends a byte from time to time would hold its
caller for ever.
"""

from __future__ import annotations

import io
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection


class DeadlineSocket:
    """A socket on which ``settimeout`` limits everything up to the next ``settimeout``."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._deadline: float | None = None
        self._readers = 0
        self._closed = False

    def settimeout(self, seconds: float | None) -> None:
        """All reads and writes from now on end within so many seconds, or time out."""
        self._deadline = None if seconds is None else monotonic() + seconds
        self._sock.settimeout(seconds)

    def sendall(self, data: Any) -> None:
        """As a socket's."""
        self._arm()
        self._sock.sendall(data)

    def recv_into(self, buffer: Any) -> int:
        """As a socket's."""
        self._arm()
        count: int = self._sock.recv_into(buffer)
        return count

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """A reader of what comes in."""
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """As a socket's: readers may go on to the end."""
        self._closed = True
        if self._readers == 0:
            self._sock.close()

    def reader_closed(self) -> None:
        """A reader has come to its end."""
        self._readers -= 1
        if self._closed and self._readers == 0:
            self._sock.close()

    def _arm(self) -> None:
        if self._deadline is None:
            return
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Reader(io.RawIOBase):
    def __init__(self, sock: DeadlineSocket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._sock.reader_closed()


class DeadlineConnection(HTTPConnection):
    """HTTP with a time-out for a whole response."""

    def connect(self) -> None:
        """Open the socket."""
        super().connect()
        self.sock: Any = DeadlineSocket(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request; its time begins now."""
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        super().request(*args, **options)


class DeadlineTlsConnection(DeadlineConnection, HTTPSConnection):
    """HTTPS with a time-out for a whole response."""
