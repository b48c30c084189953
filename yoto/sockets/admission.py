"""Which new connections of Socket.IO a worker takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from yoto.extensions import fleet
from yoto.http.application import Application
from yoto.http.wsgi import Wsgi, answer_problem

# s. The next try may find another worker, behind the same address.
RETRY_AFTER = "1"


class AdmissionMiddleware:
    """WSGI middleware that refuses handshakes; what is connected already passes.

    A refusal here, and not by the namespace, is a failed connection to clients, after which they
    try again by themselves.
    """

    def __init__(self, wsgi: Wsgi, why_closed: Callable[[str | None], str | None]) -> None:
        """``why_closed``: why an address gets no new connection now; None: it may have one."""
        self._wsgi = wsgi
        self._why_closed = why_closed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if _is_handshake(environ):
            why = self._why_closed(environ.get("REMOTE_ADDR"))
            if why is not None:
                return answer_problem(
                    start_response,
                    "503 Service Unavailable",
                    "sockets-refused",
                    why,
                    ("Retry-After", RETRY_AFTER),
                )
        return self._wsgi(environ, start_response)


def init_admission(app: Application) -> None:
    """Refuse sockets while the worker drains, or it or the client has as many as it may."""
    most, of_one = app.config["SOCKETS_MAX"], app.config["SOCKETS_PER_ADDRESS"]
    transports = app.extensions["socketio"].transports

    def why_closed(address: str | None) -> str | None:
        if fleet.of(app).draining is not None:
            return "This worker drains; connect again to reach another."
        if len(transports) >= most:
            return f"This worker has the {most} sockets that it may have."
        if transports.of(address) >= of_one:
            return f"Your address has the {of_one} sockets that it may have here."
        return None

    # Flask-SocketIO puts itself around the whole application; only its own path needs it.
    sockets = app.extensions["socketio"].sockio_mw
    app.wsgi_app = sockets.wsgi_app  # type: ignore[method-assign]
    app.sockets = AdmissionMiddleware(sockets, why_closed)


def _is_handshake(environ: dict[str, Any]) -> bool:
    return "sid" not in parse_qs(environ.get("QUERY_STRING", ""))
