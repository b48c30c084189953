"""Bodies of requests: whole before anybody works on them, or refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from app.server.connections import ENVIRON_KEY, Connection, TooSlow
from app.server.wsgi import Wsgi, answer_problem

SLOW = ("408 Request Timeout", "request-timeout", "The body was not there in time.")
BROKEN = ("400 Bad Request", "bad-request", "The body ended early, or is malformed.")


class WholeBodies:
    """WSGI middleware that reads the body of a request before the application begins.

    While a body drips, nobody holds a database connection or a place of a bulkhead for it.
    """

    def __init__(self, wsgi: Wsgi, most: int) -> None:
        """``most``: bytes of a body. One that says that it is longer is left unread; the
        application refuses it.
        """
        self._wsgi = wsgi
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        connection: Connection = environ[ENVIRON_KEY]
        try:
            self._read(environ, connection)
        except TooSlow:
            return _refusal(SLOW, connection, start_response)
        except (OSError, ValueError):
            return _refusal(BROKEN, connection, start_response)
        connection.begin_answer()
        return self._wsgi(environ, start_response)

    def _read(self, environ: dict[str, Any], connection: Connection) -> None:
        length = environ.get("CONTENT_LENGTH") or ""
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            connection.begin_body()
            body = environ["wsgi.input"].read(self._most + 1)
            if len(body) > self._most:
                connection.read_no_more()
            del environ["HTTP_TRANSFER_ENCODING"]
            environ["CONTENT_LENGTH"] = str(len(body))
        elif length.isdecimal() and 0 < int(length) <= self._most:
            connection.begin_body()
            body = environ["wsgi.input"].read(int(length))
            if len(body) < int(length):
                raise ValueError("the body ended early")
        else:
            return
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True


def _refusal(
    what: tuple[str, str, str], connection: Connection, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    connection.read_no_more()
    connection.begin_answer()
    return answer_problem(start_response, *what, ("Connection", "close"))
