"""Flask-SocketIO with a ``run`` that shares its port with other workers and drains."""

from __future__ import annotations

import socket
import threading
import warnings
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from app.server.drain import Drain, InFlight
from app.server.listener import listen
from app.server.packets import TextPacket
from app.server.transports import Transports

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
        # By default everybody may join "/", where nothing is: only those that somebody serves.
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
        in_flight = InFlight(app.wsgi_app)
        app.wsgi_app = in_flight  # type: ignore[method-assign]
        drain = Drain(in_flight, drain_seconds, lifeline)
        serve = {
            "eventlet": _serve_eventlet,
            "gevent": _serve_gevent,
            "threading": _serve_threads,
        }[self.async_mode]
        listener = listen(host, port)
        on_listening(listener.getsockname()[1])
        serve(app, listener, drain)


def _serve_eventlet(app: Flask, listener: socket.socket, drain: Drain) -> None:
    import eventlet
    import eventlet.wsgi

    green = eventlet.greenio.GreenSocket(listener)
    server = eventlet.spawn(eventlet.wsgi.server, green, app, log_output=False, debug=False)
    left = eventlet.Event()

    def leave(*_: object) -> None:
        if not left.ready():
            left.send()

    # The server's own end waits for every connection that is kept alive; ours only for requests.
    server.link(leave)
    drain.watch(stop_accepting=green.close, leave=leave)
    left.wait()


def _serve_gevent(app: Flask, listener: socket.socket, drain: Drain) -> None:
    from gevent import pywsgi
    from gevent.event import Event

    listener.setblocking(False)
    server = pywsgi.WSGIServer(listener, app, log=None)
    server.start()
    left = Event()
    drain.watch(stop_accepting=server.close, leave=left.set)
    left.wait()


def _serve_threads(app: Flask, listener: socket.socket, drain: Drain) -> None:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class QuietHandler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """The application logs its requests itself."""

    host, port = listener.getsockname()[:2]
    server = make_server(
        host, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )
    server.daemon_threads = True
    left = threading.Event()
    drain.watch(stop_accepting=server.shutdown, leave=left.set)
    server.serve_forever(poll_interval=0.1)
    # From here the kernel refuses new connections, so that clients try another worker at once.
    listener.close()
    server.socket.close()
    left.wait()
