"""What no layer of the application caught: logged with the request's id, answered as a problem."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.server.connections import ENVIRON_KEY
from app.server.wsgi import Wsgi, answer_problem

# Where the application says which id a request has; see ``app.http.context``.
REQUEST_ID_KEY = "yoto.request_id"

log = logging.getLogger(__name__)


class Contained:
    """WSGI middleware from which nothing is raised: servers answer that with an empty 500, and say
    nothing about it.
    """

    def __init__(self, wsgi: Wsgi) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            body = self._wsgi(environ, start_response)
        except Exception as error:
            connection = environ.get(ENVIRON_KEY)
            if connection is not None and connection.is_websocket:
                connection.end_websocket(error)
                # Servers want an answer, which reaches nobody.
                return _problem(secrets.token_hex(16), start_response)
            request_id = _log(environ, "a request ended by an error outside of the application")
            return _problem(request_id, start_response)
        return _ContainedBody(body, environ)


class _ContainedBody:
    """A response body whose errors are logged. What was sent cannot be taken back: it is cut."""

    def __init__(self, body: Iterable[bytes], environ: dict[str, Any]) -> None:
        self._body = body
        self._environ = environ

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception:
            _log(self._environ, "an answer broke off")
            raise

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except Exception:
            # Everything was sent; the server could only cut the connection.
            _log(self._environ, "an answer was sent, and its end failed")


def _log(environ: dict[str, Any], what: str) -> str:
    request_id: str = environ.setdefault(REQUEST_ID_KEY, secrets.token_hex(16))
    facts = {
        "request_id": request_id,
        "method": environ.get("REQUEST_METHOD"),
        "path": environ.get("PATH_INFO"),
    }
    log.exception(what, extra=facts)
    return request_id


def _problem(request_id: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    return answer_problem(
        start_response,
        "500 Internal Server Error",
        "internal-error",
        "Something went wrong on our side.",
        ("X-Request-ID", request_id),
        request_id=request_id,
    )
