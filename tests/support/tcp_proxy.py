"""A TCP proxy before a server: open, shut like a server that is gone, or stuck like a dead host."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
_CHUNK = 65536  # bytes
_FULL_SECONDS = 0.2  # a local connection that takes longer will never be accepted


class TcpProxy:
    """Forwards connections to a local port while it is open; see ``open``, ``shut``, ``stick``."""

    def __init__(self, target: int) -> None:
        self._target = (HOST, target)
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = self._listen()
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        """Forward new connections."""
        self.shut()
        self._listener = self._listen()
        self._start(self._accept, self._listener)

    def shut(self) -> None:
        """Break all connections; new ones are refused."""
        # Shut down first: closing alone does not wake a thread that waits in ``accept``.
        for end in (self._listener, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in (self._listener, *self._sockets):
            end.close()
        self._sockets, self._threads = [], []

    def stick(self) -> None:
        """Break all connections; new ones get no answer at all."""
        self.shut()
        # The kernel drops what asks for more connections than fit into the queue, and nobody
        # takes any out of it.
        self._listener = self._listen(backlog=0)
        with suppress(TimeoutError):
            while True:
                self._sockets.append(socket.create_connection((HOST, self.port), _FULL_SECONDS))

    def _listen(self, backlog: int = 64) -> socket.socket:
        return socket.create_server((HOST, getattr(self, "port", 0)), backlog=backlog)

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._start(self._forward, client, server)
                self._start(self._forward, server, client)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shut()
