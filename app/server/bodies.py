"""Bodies of requests: read whole before the application begins, or rejected."""

from __future__ import annotations

import io
from typing import Any

from app.server.connections import Connection, TooSlow

# A status of HTTP, the slug of its problem, and its detail.
Refusal = tuple[str, str, str]
SLOW: Refusal = ("408 Request Timeout", "request-timeout", "The body was not there in time.")
BROKEN: Refusal = ("400 Bad Request", "bad-request", "The body ended early, or is malformed.")


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
        body = environ["wsgi.input"].read(most + 1)
        if len(body) > most:
            connection.read_no_more()
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(len(body))
    elif length.isdecimal() and 0 < int(length) <= most:
        connection.begin_body()
        body = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise ValueError("the body ended early")
    else:
        return
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
