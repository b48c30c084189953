"""Flask-SocketIO with a ``run`` that shares its port with other workers and drains."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable
from typing import Any

from flask import Flask

from app.server.connections import ConnectionLimits
from app.server.drain import Drain
from app.server.flask_socketio import SocketIO
from app.server.listener import listen, make_room
from app.server.served import Served
from app.server.servers import SERVERS
from app.server.transports import TextPacket, Transports

# Bytes of one message of a client. None of ours is near it; a longer one ends the connection.
MESSAGE_BYTES = 64 * 1024


class YotoSocketIO(SocketIO):
    """Serves under eventlet, gevent or plain threads, the same way to its callers.

    The base class listens by itself: only under eventlet on a port that others may share, and in
    no mode with an end that lets running requests finish.

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
        host: str = "127.0.0.1",
        port: int = 5000,
        *,
        drain_seconds: float = 10.0,
        lifeline: socket.socket | None = None,
        on_listening: Callable[[int], None] = lambda port: None,
        **options: Any,
    ) -> None:
        """Serve until SIGTERM, SIGINT or the end of ``lifeline``; then drain and return.

        Args:
            app: the application, with this object initialised on it.
            host, port: where to listen; other processes may listen there too.
            drain_seconds: how long running requests may go on after the end was asked for.
            lifeline: a socket; when its other end closes, the worker drains.
            on_listening: called with the port as soon as connections are accepted.
        """
        served = Served(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])
        app.wsgi_app = served  # type: ignore[method-assign]
        drain = Drain(served.in_flight, drain_seconds, lifeline)
        limits = ConnectionLimits.of(app.config)
        make_room(limits.most + app.config["SOCKETS_MAX"])
        listener = listen(host, port)
        on_listening(listener.getsockname()[1])
        SERVERS[self.async_mode](app, listener, drain, limits)
