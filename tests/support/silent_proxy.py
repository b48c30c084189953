"""A TCP proxy before a server that falls silent, as a network does: nobody is told of an end."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65536  # bytes
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection


class SilentProxy:
    """Forwards both ways, until it falls silent: then what is sent is lost, and nothing ends."""

    def __init__(self, url: str) -> None:
        """``url``: of the server."""
        address = urlsplit(url)
        self._target = (address.hostname, address.port)
        self._listener = socket.create_server((HOST, 0))
        self._silent = threading.Event()
        # Silences that are over: a connection of before one carries nothing any more.
        self._silences = 0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def fall_silent(self) -> None:
        """From now on nothing arrives, in either direction."""
        self._silent.set()

    def come_back(self) -> None:
        """The connections of before are unknown now, which those who use them are told; new ones
        are forwarded.
        """
        with self._lock:
            old, self._sockets = self._sockets, []
            self._silences += 1
        for one in old:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                # Wakes who reads from it, who closes it.
                one.shutdown(socket.SHUT_RD)
        self._silent.clear()

    def _accept(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                with self._lock:
                    self._sockets += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        began = self._silences
        with suppress(OSError):
            while data := one.recv(CHUNK):
                if not self._silent.is_set() and began == self._silences:
                    other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                end.shutdown(socket.SHUT_RD)
        one.close()  # and the other by who reads from it: eventlet takes it from nobody else

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.come_back()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts, who closes it
