"""Shared parts of the Socket.IO namespaces: admission, acknowledgements, and revocation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, current_app, request

from yoto.cache import Position
from yoto.errors import PlatformError
from yoto.extensions import fleet
from yoto.http.application import Application
from yoto.http.wsgi import Wsgi, answer_problem
from yoto.persistence import STORE_FAILURES
from yoto.store.db import writing

Handler = Callable[..., dict[str, Any]]

# s. The next try may find another worker, behind the same address.
RETRY_AFTER = "1"
RETRY_SECONDS = 0.5  # until what could not be judged is judged again
IDLE_SECONDS = 2.0  # without work, after which the thread ends

log = logging.getLogger(__name__)


class AdmissionMiddleware:
    """WSGI middleware that refuses handshakes; what is connected already passes.

    A refusal here, and not by the namespace, is a failed connection to clients, after which they
    try again by themselves.
    """

    def __init__(
        self, wsgi: Wsgi, why_closed: Callable[[str | None], str | None], threads: bool
    ) -> None:
        """
        Args:
            why_closed: why an address gets no new connection now; None: it may have one.
            threads: whether each takes one.
        """
        self._wsgi = wsgi
        self._threads = threads
        self._why_closed = why_closed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if _is_handshake(environ):
            why = self._why_closed(environ.get("REMOTE_ADDR"))
            alone = "gunicorn.socket" in environ and not environ.get("wsgi.multithread")
            if self._threads and alone:
                why = "This server has one thread a worker, which a socket would hold."
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
    threads = app.config["ASYNC_MODE"] == "threading"
    if threads:
        most = min(most, app.config["SOCKETS_THREADS"])
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
    app.sockets = AdmissionMiddleware(sockets, why_closed, threads)


def _is_handshake(environ: dict[str, Any]) -> bool:
    return "sid" not in parse_qs(environ.get("QUERY_STRING", ""))


def acknowledged(key: str) -> Callable[[Handler], Handler]:
    """Acknowledge with ``{"ok": true, ...}``, or ``{"ok": false, key: problem}``."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def wrapped(*args: Any) -> dict[str, Any]:
            try:
                return {"ok": True, **handler(*args)}
            except Exception as error:
                problem: Any = current_app.handle_user_exception(error)
                return {"ok": False, key: problem.get_json()}

        return wrapped

    return decorate


def socket_id() -> str:
    """The connection that the event at hand came by."""
    return str(request.sid)  # type: ignore[attr-defined]


class RevocationWatcher:
    """Judges things of one kind again after changes, in a thread that lives while there is work.

    Args:
        kind: what is checked, such as ``channel``, for logs and the thread's name.
        concerned: from the subjects of a change to the ids of what it may have changed; quick.
        check: takes from the sockets about this id what they may no longer have; called in a
            context of ``app``.
    """

    def __init__(
        self,
        app: Flask,
        kind: str,
        concerned: Callable[[Sequence[str]], set[int]],
        check: Callable[[int], None],
    ) -> None:
        self._app = app
        self._kind = kind
        self._concerned = concerned
        self._check = check
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._thread: threading.Thread | None = None

    def heard(self, subjects: Sequence[str], position: Position) -> None:
        """Take in one entry of the invalidation log; it was applied, and this is quick."""
        found = self._concerned(subjects)
        if not found:
            return
        with self._changed:
            self._waiting |= found
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"yoto-{self._kind}-revocation", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._changed.wait(IDLE_SECONDS)
                if not self._waiting:
                    self._thread = None
                    return
                id_ = self._waiting.pop()
            try:
                with self._app.app_context(), writing(False):
                    self._check(id_)
            except (PlatformError, *STORE_FAILURES) as error:
                log.warning("the sockets of %s %d wait to be judged: %s", self._kind, id_, error)
                with self._changed:
                    self._waiting.add(id_)
                    self._changed.wait(RETRY_SECONDS)
            except Exception:
                log.exception("the sockets of %s %d were not judged", self._kind, id_)
