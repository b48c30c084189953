"""The one layer of WSGI between a server and the application."""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.server.connections import ENVIRON_KEY, Connection
from yoto.http.wsgi import Wsgi, answer_problem
from yoto.request import REQUEST_ID_KEY

log = logging.getLogger(__name__)

# A status of HTTP, the slug of its problem, and its detail.
Refusal = tuple[str, str, str]
NO_HOST: Refusal = ("400 Bad Request", "bad-request", "There must be one Host.")
SLOW: Refusal = ("408 Request Timeout", "request-timeout", "The body was not there in time.")
BROKEN: Refusal = ("400 Bad Request", "bad-request", "The body ended early, or is malformed.")
UNKNOWN: Refusal = ("501 Not Implemented", "not-implemented", "The only coding here is chunked.")
FAILED: Refusal = (
    "500 Internal Server Error",
    "internal-error",
    "Something went wrong on our side.",
)


class Served:
    """An application whose requests have their whole bodies, and raise nothing."""

    def __init__(self, wsgi: Wsgi, most: int) -> None:
        """``most``: bytes of a body, see ``read_body``."""
        self._wsgi = wsgi
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        connection: Connection | None = environ.get(ENVIRON_KEY)
        try:
            body = self._answer(environ, start_response, connection)
        except StopIteration:
            # A websocket has ended; gunicorn is told so by this.
            raise
        except Exception as error:
            if connection is not None and connection.is_websocket:
                connection.end_websocket(error)
                # Servers want a response, which reaches no client.
                request_id = secrets.token_hex(16)
            else:
                request_id = log_error(
                    environ, "a request ended by an error outside of the application"
                )
            shown = ("X-Request-ID", request_id)
            body = answer_problem(start_response, *FAILED, shown, request_id=request_id)
        return _Body(body, environ)

    def _answer(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        connection: Connection | None,
    ) -> Iterable[bytes]:
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in environ:
            # What eventlet and gevent are asked for is checked with the rest of its head.
            return answer_problem(start_response, *NO_HOST)
        if connection is not None:
            refusal = read_body(environ, connection, self._most)
            if refusal is not None:
                connection.read_no_more()
                return answer_problem(start_response, *refusal, ("Connection", "close"))
        return self._wsgi(environ, start_response)


def read_body(environ: dict[str, Any], connection: Connection, most: int) -> Refusal | None:
    """Read the body of a request before the application begins; why not, if it cannot be.

    While a body arrives slowly, no database connection and no place in a bulkhead is held for it.

    Args:
        most: bytes of a body. One that says that it is longer is left unread; the application
            refuses it.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if chunked and environ["HTTP_TRANSFER_ENCODING"].lower() != "chunked":
        return UNKNOWN
    size = most + 1 if chunked else int(length) if length.isdecimal() else 0
    if not chunked and size > most:
        # The server throws it away after the answer, for as long as a body may take.
        connection.begin_body()
        return None
    refusal = None
    if size:
        connection.begin_body()
        try:
            body = environ["wsgi.input"].read(size)
            if not chunked and len(body) < size:
                raise ValueError("the body ended early")
        except Exception as error:
            # Each library has errors of its own for a body that it cannot read.
            log.debug("a body was refused", exc_info=error)
            refusal = BROKEN
        if connection.late:
            refusal = SLOW
        elif refusal is None:
            environ["wsgi.input"] = io.BytesIO(body)
            environ["wsgi.input_terminated"] = True
    if chunked:
        # Libraries forgive chunks that a proxy may read in another way, which would take the rest
        # for another request: nothing of this connection is one.
        connection.read_no_more()
        if refusal is None:
            del environ["HTTP_TRANSFER_ENCODING"]
            environ["CONTENT_LENGTH"] = str(len(body))
            if len(body) > most:
                return None  # as above
    connection.begin_answer()
    return refusal


def log_error(environ: dict[str, Any], what: str) -> str:
    """Log the current error as one of a request; the request's id."""
    request_id: str = environ.setdefault(REQUEST_ID_KEY, secrets.token_hex(16))
    facts = {
        "request_id": request_id,
        "method": environ.get("REQUEST_METHOD"),
        "path": environ.get("PATH_INFO"),
    }
    log.exception(what, extra=facts)
    return request_id


class _Body:
    """A body whose errors are logged. What was sent cannot be taken back: it is cut."""

    __slots__ = ("_body", "_environ")

    def __init__(self, body: Iterable[bytes], environ: dict[str, Any]) -> None:
        self._body = body
        self._environ = environ

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception:
            log_error(self._environ, "an answer broke off")
            raise

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except Exception:
            # Everything was sent; the server could only cut the connection.
            log_error(self._environ, "an answer was sent, and its end failed")
