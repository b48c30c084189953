"""Websockets byte by byte, for what no client library would send."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

TEXT, BINARY, CONTINUED = 0x1, 0x2, 0x0
HOST = "127.0.0.1"


class RawSocket:
    """One websocket to Engine.IO, which answers nothing by itself."""

    def __init__(self, url: str, query: str = "", source: str = HOST) -> None:
        """Connects, and waits for the answer.

        Args:
            query: more of the address, such as ``&sid=...``.
            source: the address to come from.

        Raises:
            ConnectionError: the server refused; with what it said.
        """
        address = urlsplit(url)
        where = (address.hostname, address.port)
        self.socket = socket.create_connection(where, timeout=20, source_address=(source, 0))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\n"
            f"Host: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        self._stream = self.socket.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._stream.readline()
            if not line:
                break
            head += line
        if b" 101 " not in head:
            self.close()
            raise ConnectionError(head.decode())

    def say(self, text: str) -> None:
        """Send one packet of Engine.IO."""
        self.frame(text.encode())

    def frame(self, payload: bytes, code: int = TEXT, final: bool = True) -> None:
        """Send one frame; the mask is none that changes anything."""
        length = len(payload)
        head = bytes([code | (0x80 if final else 0)])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 2**16:
            head += bytes([0x80 | 126]) + length.to_bytes(2)
        else:
            head += bytes([0x80 | 127]) + length.to_bytes(8)
        self.socket.sendall(head + bytes(4) + payload)

    def flood(self, send: Callable[[], None], times: int) -> None:
        """Send so often, or until the server takes no more."""
        self.socket.settimeout(2)
        # A sender that was cut waits for room that never comes, or is told so.
        with suppress(ConnectionError, TimeoutError):
            for _ in range(times):
                send()
        self.socket.settimeout(20)

    def hear(self) -> str | None:
        """The next packet; None: the connection is over."""
        try:
            head = self._stream.read(2)
            if len(head) < 2 or head[0] & 0x0F == 0x8:
                return None
            length = head[1] & 0x7F
            if length >= 126:
                length = int.from_bytes(self._stream.read(2 if length == 126 else 8))
            return bytes(self._stream.read(length)).decode()
        except ConnectionError:
            return None

    def hear_until(self, beginning: str) -> str:
        """The next packet that begins so; pings are answered meanwhile."""
        while (found := self.hear()) is not None:
            if found.startswith(beginning):
                return found
            if found == "2":
                self.say("3")
        raise ConnectionError(f"it ended before {beginning}")

    def is_ended(self) -> bool:
        """Wait until the server ends the connection; raises ``TimeoutError`` if it does not."""
        while self.hear() is not None:
            pass
        return True

    def close(self) -> None:
        self._stream.close()
        self.socket.close()
