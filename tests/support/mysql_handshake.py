"""A server that greets as a MySQL of any version does, and agrees to everything."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

from tests.support.closing import Closing

_CAPABILITIES = 0x000FFFFF & ~0x800  # those of 5.5, without TLS
_OK = b"\x00\x00\x00\x02\x00\x00\x00"


class Greeter(Closing):
    """Listens on ``port`` of the loopback interface as ``version``."""

    def __init__(self, version: str) -> None:
        self._greeting = b"".join(
            (
                b"\x0a" + version.encode() + b"\x00",
                struct.pack("<I", 1),
                b"12345678\x00",
                struct.pack("<H", _CAPABILITIES & 0xFFFF),
                struct.pack("<BHH", 45, 2, _CAPABILITIES >> 16),
                struct.pack("<B", 21) + b"\x00" * 10,
                b"123456789012\x00",
                b"mysql_native_password\x00",
            )
        )
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Greet nobody any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError):
                self._serve(connection)
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        _send(connection, 0, self._greeting)
        while (head := connection.recv(4)) and len(head) == 4:
            left = int.from_bytes(head[:3], "little")
            while left:
                left -= len(connection.recv(left))
            _send(connection, head[3] + 1, _OK)


def _send(connection: socket.socket, number: int, payload: bytes) -> None:
    connection.sendall(len(payload).to_bytes(3, "little") + bytes((number,)) + payload)
