"""Yoto for WSGI servers: ``gunicorn --workers 4 --threads 50 wsgi:application``.

``run.py`` is the server that Yoto brings; docs/serving.md tells what it does beside this.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


class Application:
    """The application of each process: one that is forked off gets its own.

    It is made when this module is imported, so that a wrong setting ends the start. Its work in the
    background begins with the first request of a process, and ends with the process.
    """

    def __init__(self) -> None:
        """Make it; nothing connects and no thread starts."""
        self._made_in, self._app = os.getpid(), make()
        self._serves_in: int | None = None
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """As WSGI has it."""
        if self._serves_in != os.getpid():
            self._begin()
        return self._app(environ, start_response)

    def _forked(self) -> None:
        # The holder of the lock, if any, is a thread of the parent.
        self._lock = threading.Lock()

    def _begin(self) -> None:
        from app import close_app, initialize_permission_platform
        from app.server import install_tracer

        with self._lock:
            pid = os.getpid()
            if self._serves_in == pid:
                return
            if self._made_in != pid:
                # The id and the connections of the one that was there belong to the parent.
                self._made_in, self._app = pid, make()
            install_tracer(self._app.config["TRACER_PROVIDER"])
            initialize_permission_platform(self._app)
            atexit.register(close_app, self._app)
            self._serves_in = pid


def make() -> Flask:
    """The application as ``run.py`` makes it, for threads unless ``YOTO_ASYNC_MODE`` says other."""
    from run import application
    from yoto.errors import ConfigurationError

    os.environ.setdefault("YOTO_ASYNC_MODE", "threading")
    app = application()
    if app.config["ASYNC_MODE"] == "eventlet":
        raise ConfigurationError("ASYNC_MODE", "must be threading or gevent under a WSGI server")
    return app


application = Application()
