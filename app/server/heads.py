"""Heads of requests, read at once where they are plain, which nearly all are.

The standard library reads them as heads of mails, line by line, and takes a third of a small
request's time for it. What is plain means the same to both; anything else goes its way.
"""

from __future__ import annotations

import io
import re
from http.client import HTTPMessage

MOST_HEADERS = 100  # as http.client
_REQUEST = re.compile(rb"([A-Z]{1,20}) (/(?!/)[!-~]*+) HTTP/1\.1\r\n")
# RFC 9110, section 5: tokens, and values of visible characters, blanks and tabs. No line goes on.
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[ -~\t]*+\r\n)*+\r\n")


class QuickHeads:
    """What makes a ``BaseHTTPRequestHandler``, the standard library's or one like it, read plain
    heads at once.

    Attributes:
        reader: what the handler reads from, buffered.
    """

    reader: io.BufferedReader
    raw_requestline: bytes
    protocol_version: str

    def parse_request(self) -> bool:
        """As the base class."""
        line = _REQUEST.fullmatch(self.raw_requestline)
        head = _HEADERS.match(self.reader.peek()) if line else None
        if line is None or head is None or not self._is_plain(lines := head[0].split(b"\r\n")):
            return bool(super().parse_request())  # type: ignore[misc]
        self.reader.read(head.end())
        self.requestline = line[0][:-2].decode("ascii")
        self.command, self.path = line[1].decode("ascii"), line[2].decode("ascii")
        self.request_version = "HTTP/1.1"
        self.headers = HTTPMessage()
        for one in lines[:-2]:
            name, _, value = one.decode("ascii").partition(":")
            self.headers[name] = value.strip(" \t")
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return True

    def _is_plain(self, lines: list[bytes]) -> bool:
        """Whether nothing must be answered before the request is."""
        return (
            self.protocol_version == "HTTP/1.1"
            and len(lines) <= MOST_HEADERS
            and not any(one[:7].lower() == b"expect:" for one in lines)
        )
