"""Bodies of requests: read whole before the application begins, or rejected.

Chunks are read here and not by the servers' libraries, which forgive what a proxy in front may read
in another way: the two would then disagree where a body ends and the next request begins.
"""

from __future__ import annotations

import io
import re
from typing import Any

from app.server.connections import READER_KEY, Connection, TooSlow
from app.server.heads import LINE, MOST_HEADERS

# A status of HTTP, the slug of its problem, and its detail.
Refusal = tuple[str, str, str]
SLOW: Refusal = ("408 Request Timeout", "request-timeout", "The body was not there in time.")
BROKEN: Refusal = ("400 Bad Request", "bad-request", "The body ended early, or is malformed.")

# RFC 9112, section 7.1: a size, and extensions, which mean nothing to us.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[\t -~\x80-\xff]*)?\r\n")
_LONGEST_LINE = 4_096


def read_body(environ: dict[str, Any], connection: Connection, most: int) -> Refusal | None:
    """Read the body of a request before the application begins; why not, if it cannot be.

    While a body arrives slowly, no database connection and no place in a bulkhead is held for it.

    Args:
        most: bytes of a body. One that says that it is longer is left unread; the application
            refuses it.
    """
    if "HTTP_TRANSFER_ENCODING" not in environ and not environ.get("CONTENT_LENGTH"):
        return None
    try:
        _read(environ, connection, most)
    except TooSlow:
        connection.read_no_more()
        return SLOW
    except (OSError, ValueError):
        connection.read_no_more()
        return BROKEN
    return None


def _read(environ: dict[str, Any], connection: Connection, most: int) -> None:
    length = environ.get("CONTENT_LENGTH") or ""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        connection.begin_body()
        stream = environ["wsgi.input"]
        stream.read(0)  # who expects 100 Continue gets it
        body = _read_chunks(environ[READER_KEY], most)
        # The libraries of eventlet and gevent look for what was not read.
        stream.chunk_length = 0
        if body is None:
            connection.read_no_more()
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(most + 1 if body is None else len(body))
    elif length.isdecimal() and 0 < int(length) <= most:
        connection.begin_body()
        body = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise ValueError("the body ended early")
    else:
        return
    environ["wsgi.input"] = io.BytesIO(body or b"")
    environ["wsgi.input_terminated"] = True


def _read_chunks(reader: io.BufferedReader, most: int) -> bytes | None:
    """A body in chunks; None: it says that it is longer than ``most``, and the rest is left unread.

    Source: RFC 9112, section 7.1.

    Raises:
        ValueError: it ended early, or is malformed.
    """
    body = bytearray()
    while size := _read_size(reader):
        if len(body) + size > most:
            return None
        data = reader.read(size)
        body += data
        if len(data) < size or reader.read(2) != b"\r\n":
            raise ValueError("a chunk is not as long as it says")
    for _ in range(MOST_HEADERS):
        line = reader.readline(_LONGEST_LINE)
        if line == b"\r\n":
            return bytes(body)
        if not LINE.fullmatch(line) or not line.endswith(b"\r\n"):
            break
    raise ValueError("the trailers do not end, or one is no header")


def _read_size(reader: io.BufferedReader) -> int:
    size = _SIZE.fullmatch(reader.readline(_LONGEST_LINE))
    if size is None:
        raise ValueError("a chunk has no size")
    return int(size[1], 16)
