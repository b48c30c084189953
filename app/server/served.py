"""The one layer of WSGI between a server and the application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.server.bodies import read_body
from app.server.connections import ENVIRON_KEY, Connection
from app.server.contained import answer_error, log_error
from app.server.drain import InFlight
from yoto.http.wsgi import Wsgi, answer_problem


class Served:
    """An application whose requests have their whole bodies, are counted while they run, and raise
    nothing.

    A websocket is not counted: it lasts as long as its page, which reconnects elsewhere.

    Attributes:
        in_flight: the requests that run.
    """

    def __init__(self, wsgi: Wsgi, most: int) -> None:
        """``most``: bytes of a body, see ``read_body``."""
        self.in_flight = InFlight()
        self._wsgi = wsgi
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        counted = environ.get("HTTP_UPGRADE", "").lower() != "websocket"
        token = self.in_flight.begin() if counted else None
        try:
            body = self._answer(environ, start_response)
        except Exception as error:
            body = answer_error(environ, error, start_response)
        except BaseException:
            self.in_flight.finish(token)
            raise
        return _Body(body, environ, self.in_flight, token)

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        connection: Connection | None = environ.get(ENVIRON_KEY)
        if connection is not None:
            refusal = read_body(environ, connection, self._most)
            connection.begin_answer()
            if refusal is not None:
                return answer_problem(start_response, *refusal, ("Connection", "close"))
        return self._wsgi(environ, start_response)


class _Body:
    """A body that says when the server is done with it, and whose errors are logged. What was sent
    cannot be taken back: it is cut.
    """

    __slots__ = ("_body", "_environ", "_in_flight", "_token")

    def __init__(
        self,
        body: Iterable[bytes],
        environ: dict[str, Any],
        in_flight: InFlight,
        token: object,
    ) -> None:
        self._body = body
        self._environ = environ
        self._in_flight = in_flight
        self._token = token

    def __iter__(self) -> Iterator[bytes]:
        # Werkzeug's server does not close the body when the client went away meanwhile.
        try:
            yield from self._body
        except Exception:
            log_error(self._environ, "an answer broke off")
            raise
        finally:
            self._in_flight.finish(self._token)

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except Exception:
            # Everything was sent; the server could only cut the connection.
            log_error(self._environ, "an answer was sent, and its end failed")
        finally:
            self._in_flight.finish(self._token)
