"""Flask-SocketIO with a ``run`` on a socket that listens already, which drains."""

from __future__ import annotations

import socket
import warnings
from typing import Any

from flask import Flask

from app.server.connections import ConnectionLimits
from app.server.drain import Ending
from app.server.flask_socketio import SocketIO
from app.server.served import Served
from app.server.transports import TextPacket, Transports

# Bytes of one message of a client. None of ours is near it; a longer one ends the connection.
MESSAGE_BYTES = 64 * 1024


class YotoSocketIO(SocketIO):
    """Serves under eventlet or gevent, the same way to its callers; ``threads`` are gunicorn's.

    The base class listens by itself, and in no mode has an end that lets running requests finish.

    Attributes:
        transports: the connections below the namespaces.
    """

    transports: Transports

    def init_app(self, app: Flask, **options: Any) -> None:
        """Serve ``app``; arguments as the base class's."""
        options.setdefault("max_http_buffer_size", MESSAGE_BYTES)
        options.setdefault("serializer", TextPacket)
        options.setdefault("ping_interval", app.config["SOCKETS_PING_INTERVAL"])
        options.setdefault("ping_timeout", app.config["SOCKETS_PING_TIMEOUT"])
        if options.get("async_mode") == "threading":
            # The next request of one that polls reaches any worker.
            options.setdefault("transports", ["websocket"])
        with warnings.catch_warnings():
            # It says at import that it is in maintenance; docs/adr/0001 says why it is here.
            warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
            super().init_app(app, **options)
        # By default every client may join "/", where nothing is: allow only namespaces with
        # handlers.
        self.server.namespaces = []
        self.transports = Transports(self.server, MESSAGE_BYTES, app.config["SOCKETS_JOIN_SECONDS"])

    def run(
        self,
        app: Flask,
        listener: socket.socket,
        drain_seconds: float,
        lifeline: socket.socket | None = None,
    ) -> None:
        """Serve until SIGTERM, SIGINT or the end of ``lifeline``; then drain and return.

        Args:
            app: the application, with this object initialised on it.
            listener: a socket that listens; other processes may have it, too.
            drain_seconds: how long running requests may go on after the end was asked for.
            lifeline: a socket; when its other end closes, the worker drains.
        """
        most = app.config["MAX_CONTENT_LENGTH"]
        app.wsgi_app = Served(app.wsgi_app, most)  # type: ignore[method-assign]
        if self.async_mode == "eventlet":
            from app.server.green import serve_eventlet as serve
        else:
            from app.server.by_gevent import serve_gevent as serve
        serve(app, listener, Ending(drain_seconds, lifeline), ConnectionLimits.of(app.config))
