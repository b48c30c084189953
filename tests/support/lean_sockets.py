"""Many sockets of the control plane in one thread: as little of the protocols as that takes.

RFC 6455, Engine.IO 4 and Socket.IO 5, of which a client that only listens needs a handshake, pongs,
and to take frames apart.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

NAMESPACE = "/control"
PING, PONG, MESSAGE = "2", "3", "4"
CONNECT, EVENT, ACK, REFUSED = "0", "2", "3", "4"
TEXT = 0x1
READ = 256 * 1024
# Called with each message: its name, its data, and when it came (epoch seconds).
Heard = Callable[[str, Any, float], None]


class LeanSocket:
    """One connection, subscribed once it is accepted."""

    def __init__(
        self,
        url: str,
        token: str | None,
        topics: Sequence[str],
        heard: Heard,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects and waits for the handshake of the websocket.

        Args:
            token: for the namespace; None: that of the headers, if any.

        Raises:
            ConnectionError: the server refused.
        """
        self._heard = heard
        self._wanted = {"topics": list(topics)}
        self._buffer = bytearray()
        self.subscribed = self.closed = False
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n"
        )
        request += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        request += "\r\n"
        self.socket.sendall(request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = self.socket.recv(4096)
            if not more:
                self.socket.close()
                raise ConnectionError(answer.decode() or "closed")
            answer += more
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            self.socket.close()
            raise ConnectionError(head.decode())
        self._buffer += rest
        self.socket.setblocking(False)
        auth = "" if token is None else json.dumps({"token": token})
        self._say(f"{MESSAGE}{CONNECT}{NAMESPACE},{auth}")
        self._take_apart()

    def read(self) -> None:
        """Take what came."""
        try:
            found = self.socket.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        if not found:
            self.closed = True
            return
        self._buffer += found
        self._take_apart()

    def close(self) -> None:
        self.socket.close()
        self.closed = True

    def _take_apart(self) -> None:
        now, buffer, at = time.time(), self._buffer, 0
        while len(buffer) - at >= 2:
            length, head = buffer[at + 1] & 0x7F, 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if len(buffer) - at < head:
                break
            if length == 126:
                (length,) = struct.unpack_from("!H", buffer, at + 2)
            elif length == 127:
                (length,) = struct.unpack_from("!Q", buffer, at + 2)
            if len(buffer) - at < head + length:
                break
            code = buffer[at] & 0x0F
            payload = bytes(buffer[at + head : at + head + length])
            at += head + length
            if code == TEXT:
                self._packet(payload.decode(), now)
            elif code == 0x8:
                self.closed = True
        del buffer[:at]

    def _packet(self, text: str, now: float) -> None:
        if text[0] == PING:
            self._say(PONG)
            return
        if text[0] != MESSAGE:
            return
        kind, _, body = text[1:].partition(",")
        if kind.startswith(REFUSED):
            self.closed = True
        elif kind.startswith(CONNECT):
            self._say(f"{MESSAGE}{EVENT}{NAMESPACE},0{json.dumps(['subscribe', self._wanted])}")
        elif kind.startswith(ACK):
            self.subscribed = True
        elif kind.startswith(EVENT):
            name, data = json.loads(body)
            self._heard(name, data, now)

    def _say(self, text: str) -> None:
        payload = text.encode()
        mask = os.urandom(4)
        length = len(payload)
        head = bytes([0x80 | TEXT])
        head += bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + length.to_bytes(2)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)


def listen(sockets: Sequence[LeanSocket], until: Callable[[], bool], seconds: float) -> bool:
    """Read from all until a condition holds; whether it did within ``seconds``."""
    with selectors.DefaultSelector() as selector:
        for one in sockets:
            if not one.closed:
                selector.register(one.socket, selectors.EVENT_READ, one)
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() >= deadline:
                return False
            for key, _ in selector.select(0.1):
                key.data.read()
                if key.data.closed:
                    selector.unregister(key.fileobj)
    return True
