"""Heads of requests, read at once where they are plain, which nearly all are.

The standard library reads them as heads of mails, line by line, and takes a third of a small
request's time for it. What is plain means the same to both; anything else goes its way.

It forgives what a proxy in front may read in another way, and the two would then disagree where a
body ends and the next request begins. Such heads are refused, and their connections closed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import Any

MOST_HEADERS = 100  # as http.client
_REQUEST = re.compile(rb"([A-Z]{1,20}) (/(?!/)[!-~]*+) HTTP/1\.1\r\n")
# RFC 9110, section 5: tokens, and values of visible characters, blanks and tabs. No line goes on.
# Names with an underscore could be taken for others, and who expects something is answered first.
_HEADERS = re.compile(rb"(?:(?!(?i:expect):)[!#$%&'*+.^`|~0-9A-Za-z-]++:[ -~\t]*+\r\n)*+\r\n")
# The same with all that is allowed; the values, and how the line ends.
LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++):[ \t]*+([\t -~\x80-\xff]*+)(\r?\n)")
_LENGTH = re.compile(r"[0-9]{1,18}")
# Headers that WSGI names without the prefix of the others.
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


class BadHead(ValueError):
    """A head that somebody else could read in another way than we.

    Attributes:
        status: of the answer, after which the connection is closed.
    """

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


def check_head(version: str, headers: Iterable[tuple[str, str]]) -> None:
    """Check the headers that say where a request ends, and for whom it is.

    Source: RFC 9112, sections 3.2, 6.1 and 6.3.

    Args:
        version: such as ``HTTP/1.1``.
        headers: all of them, in any spelling.

    Raises:
        BadHead: they are ambiguous, or say something that we do not know.
    """
    found: dict[str, list[str]] = {"host": [], "content-length": [], "transfer-encoding": []}
    for name, value in headers:
        if (values := found.get(name.lower())) is not None:
            values.append(value)
    hosts, lengths, codings = found.values()
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        raise BadHead("There must be one Host.")
    if len(lengths) + len(codings) > 1:
        raise BadHead("There must be one Content-Length, or one Transfer-Encoding.")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise BadHead("Content-Length must be digits.")
    if codings and version != "HTTP/1.1":
        raise BadHead("Transfer-Encoding is not of this version of HTTP.")
    if codings and codings[0].lower() != "chunked":
        raise BadHead("The only Transfer-Encoding here is chunked.", HTTPStatus.NOT_IMPLEMENTED)


class HeadLines:
    """A reader of a head that keeps the lines which it reads."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._lines: list[bytes] = []

    def readline(self, *limit: int) -> bytes:
        """As the reader's."""
        line: bytes = self._reader.readline(*limit)
        self._lines.append(line)
        return line

    def check(self, first: bytes | str, version: str) -> None:
        """Check what was read.

        Args:
            first: the line before these, with its end.
            version: as that has it.

        Raises:
            BadHead: a line is no header, or as ``check_head``.
        """
        crlf = first.endswith("\r\n" if isinstance(first, str) else b"\r\n")
        end = b"\r\n" if crlf else b"\n"
        headers = []
        for line in self._lines:
            if line == end:
                continue
            header = LINE.fullmatch(line)
            if header is None or header[3] != end:
                raise BadHead("A line of the head is no header.")
            headers.append((header[1].decode("ascii"), header[2].decode("latin-1").strip(" \t")))
        check_head(version, headers)


@contextmanager
def checked_lines(handler: Any) -> Iterator[HeadLines]:
    """A block in which ``handler`` reads the rest of a head from its ``rfile``."""
    reader = handler.rfile
    handler.rfile = lines = HeadLines(reader)
    try:
        yield lines
    finally:
        handler.rfile = reader


class QuickHeads:
    """A mixin that makes a ``BaseHTTPRequestHandler``, or one like it, read plain heads at once.

    Attributes:
        reader: the handler's buffered input.
    """

    reader: io.BufferedReader
    raw_requestline: bytes
    protocol_version: str

    def parse_request(self) -> bool:
        """As the base class; the headers of plain heads are ``PlainHeaders``, and what could be
        read in two ways is refused.
        """
        try:
            return self._parse()
        except BadHead as fault:
            self.send_error(fault.status, str(fault))  # type: ignore[attr-defined]
            return False

    def _parse(self) -> bool:
        line = _REQUEST.fullmatch(self.raw_requestline)
        head = _HEADERS.match(self.reader.peek()) if line else None
        headers = _headers_in(head[0]) if head and self.protocol_version == "HTTP/1.1" else None
        if line is None or head is None or headers is None:
            with checked_lines(self) as lines:
                if not super().parse_request():  # type: ignore[misc]
                    return False
            lines.check(self.raw_requestline, self.request_version)
            return True
        self.reader.read(head.end())
        self.requestline = line[0][:-2].decode("ascii")
        self.command, self.path = line[1].decode("ascii"), line[2].decode("ascii")
        self.request_version = "HTTP/1.1"
        self.headers = headers
        self.close_connection = headers.get("Connection", "").lower() == "close"
        check_head("HTTP/1.1", headers.pairs)
        return True


def _headers_in(head: bytes) -> PlainHeaders | None:
    """Those of a head that is plain so far; None: there are too many, or one is there twice."""
    pairs = []
    for line in head[:-4].decode("ascii").split("\r\n") if len(head) > 4 else ():
        name, _, value = line.partition(":")
        pairs.append((name, value.strip(" \t")))
    found = PlainHeaders(pairs)
    return found if len(found.environ) == len(pairs) < MOST_HEADERS else None
