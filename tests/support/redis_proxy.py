"""A TCP proxy before a server, which loses replies on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.redis_servers import HOST, Server

_CHUNK = 65536  # bytes


class Proxy:
    """Forwards both ways. After ``lose_reply`` the next request arrives and its reply does not."""

    def __init__(self, server: Server) -> None:
        self._target = (HOST, server.port)
        self._listener = socket.create_server((HOST, 0))
        self._lose = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Address for ``REDIS_URL``."""
        return f"redis://{HOST}:{self._listener.getsockname()[1]}"

    def lead_to(self, server: Server) -> None:
        """Lead connections that are made from now on to another server."""
        self._target = (HOST, server.port)

    def lose_reply(self) -> None:
        """Close the connection instead of delivering the next reply."""
        self._lose.set()

    @property
    def losing(self) -> bool:
        """Whether a reply is still to be lost."""
        return self._lose.is_set()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._start(self._requests, client, server)
                self._start(self._replies, server, client)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                server.sendall(data)
        _hang_up(server)

    def _replies(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                if self._lose.is_set():
                    self._lose.clear()
                    break
                client.sendall(data)
        _hang_up(client)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Shut down first: closing alone does not wake a thread that waits in ``accept``.
        _hang_up(self._listener)
        for end in self._sockets:
            _hang_up(end)
        for thread in self._threads:
            thread.join(5)
        for end in [self._listener, *self._sockets]:
            end.close()


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
