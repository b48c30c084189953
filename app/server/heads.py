"""Heads of requests, read at once where they are plain, which nearly all are.

The standard library reads them as heads of mails, line by line, and takes a third of a small
request's time for it. What is plain means the same to both; anything else goes its way.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import Any

MOST_HEADERS = 100  # as http.client
_REQUEST = re.compile(rb"([A-Z]{1,20}) (/(?!/)[!-~]*+) HTTP/1\.1\r\n")
# RFC 9110, section 5: tokens, and values of visible characters, blanks and tabs. No line goes on.
# Names with an underscore could be taken for others, and who expects something is answered first.
_HEADERS = re.compile(rb"(?:(?!(?i:expect):)[!#$%&'*+.^`|~0-9A-Za-z-]++:[ -~\t]*+\r\n)*+\r\n")
# Of WSGI, without the prefix of headers.
_UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})


@lru_cache(maxsize=1_024)
def environ_key(name: str) -> str:
    """The WSGI name of a header."""
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"


class PlainHeaders:
    """The part of ``HTTPMessage`` that handlers use, for headers that each occur once.

    Attributes:
        pairs: names as they were spelled, and values.
        environ: values by their WSGI names.
    """

    __slots__ = ("environ", "pairs")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs
        self.environ = {environ_key(name): value for name, value in pairs}

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header."""
        return self.environ.get(environ_key(name), default)

    def items(self) -> list[tuple[str, str]]:
        """See ``pairs``."""
        return self.pairs


class QuickHeads:
    """A mixin that makes a ``BaseHTTPRequestHandler``, or one like it, read plain heads at once.

    Attributes:
        reader: the handler's buffered input.
    """

    reader: io.BufferedReader
    raw_requestline: bytes
    protocol_version: str

    def parse_request(self) -> bool:
        """As the base class; the headers of plain heads are ``PlainHeaders``."""
        line = _REQUEST.fullmatch(self.raw_requestline)
        head = _HEADERS.match(self.reader.peek()) if line else None
        headers = _headers_in(head[0]) if head and self.protocol_version == "HTTP/1.1" else None
        if line is None or head is None or headers is None:
            return bool(super().parse_request())  # type: ignore[misc]
        self.reader.read(head.end())
        self.requestline = line[0][:-2].decode("ascii")
        self.command, self.path = line[1].decode("ascii"), line[2].decode("ascii")
        self.request_version = "HTTP/1.1"
        self.headers = headers
        self.close_connection = headers.get("Connection", "").lower() == "close"
        return True


def _headers_in(head: bytes) -> PlainHeaders | None:
    """Those of a head that is plain so far; None: there are too many, or one is there twice."""
    pairs = []
    for line in head[:-4].decode("ascii").split("\r\n") if len(head) > 4 else ():
        name, _, value = line.partition(":")
        pairs.append((name, value.strip(" \t")))
    found = PlainHeaders(pairs)
    return found if len(found.environ) == len(pairs) < MOST_HEADERS else None
