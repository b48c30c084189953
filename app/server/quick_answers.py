"""Responses of HTTP/1.1 (RFC 9112), assembled without recomputing their constant parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

# Bytes that are sent at once, at least, of a response that comes in pieces.
AT_ONCE = 4_096
# Statuses without a body, beside those below 200 (RFC 9110, section 6.4.1).
EMPTY = frozenset({204, 304})
LAST_CHUNK = b"0\r\n\r\n"


class QuickAnswer:
    """One response to a request that has no body; it has WSGI's ``start_response``.

    Where its length is not said it goes in chunks, so that the connection can be kept.
    """

    __slots__ = ("_chunked", "_command", "_extra", "_head", "_pieces", "_send", "_size")

    def __init__(
        self, send: Callable[[bytes], object], command: str, extra: Callable[[], str]
    ) -> None:
        """``extra`` gives what the connection adds to the headers, as lines, when they are sent."""
        self._send = send
        self._command = command
        self._extra = extra
        self._head = ""
        self._chunked = False
        self._pieces: list[bytes] = []
        self._size = 0

    def start(
        self, status: str, headers: list[tuple[str, str]], _: Any = None
    ) -> Callable[[bytes], None]:
        """Take the status and the headers, which go with the first piece. Another one takes the
        place of what was not sent.
        """
        self._pieces, self._size = [], 0
        names = {name.lower() for name, _ in headers}
        code = int(status[:3])
        bodiless = code < 200 or code in EMPTY or self._command == "HEAD"
        self._chunked = not bodiless and "content-length" not in names
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        date = "" if "date" in names else _date(int(time.time()))
        chunked = "Transfer-Encoding: chunked\r\n" if self._chunked else ""
        self._head = f"HTTP/1.1 {status}\r\n{lines}{date}{chunked}"
        return self.write

    def write(self, piece: bytes) -> None:
        """Send a piece of the body, or keep it until there is more."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= AT_ONCE:
            self._flush(b"")

    @property
    def waits(self) -> bool:
        """Whether it was begun and nothing of it was sent."""
        return bool(self._head)

    def end(self) -> None:
        """Send what is left."""
        self._flush(LAST_CHUNK if self._chunked else b"")

    def _flush(self, last: bytes) -> None:
        head, self._head = self._head, ""
        body, self._pieces = b"".join(self._pieces), []
        size, self._size = self._size, 0
        if self._chunked and size:
            body = b"%x\r\n%b\r\n" % (size, body)
        data = body + last
        if head:
            data = f"{head}{self._extra()}\r\n".encode("latin-1") + data
        if data:
            self._send(data)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\n"
