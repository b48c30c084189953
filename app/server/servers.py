"""The servers of WSGI below us, one an async mode, each with connections that are bounded."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from app.server.connections import (
    ENVIRON_KEY,
    READER_KEY,
    Connection,
    ConnectionLimits,
    Connections,
    reader,
)
from app.server.drain import Drain
from app.server.heads import BadHead, QuickHeads, checked_lines

log = logging.getLogger(__name__)

Serve = Callable[[Flask, socket.socket, Drain, ConnectionLimits], None]

# Connections that are accepted before those that are here get their turn.
ACCEPTED_AT_ONCE = 32
# s until the next look, after the system let us open no more files.
NO_FILES_SECONDS = 0.1
NO_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def serve_eventlet(
    app: Flask, listener: socket.socket, drain: Drain, limits: ConnectionLimits
) -> None:
    """Serve by eventlet, which must have patched the standard library."""
    import eventlet
    import eventlet.wsgi

    from app.server.green import Protocol

    connections = Connections(limits, eventlet.sleep)
    left = eventlet.Event()
    closed = False

    class Listener(eventlet.greenio.GreenSocket):  # type: ignore[misc]
        """Accepts as the server asks, and survives what ends the server's own loop.

        A loop that ended would close connections on which a request may be on its way, so once
        nothing is accepted it waits for the end of all.
        """

        accepted = 0

        def accept(self) -> Any:
            self.accepted += 1
            if self.accepted % ACCEPTED_AT_ONCE == 0:
                eventlet.sleep()
            while True:
                try:
                    return super().accept()
                except OSError as error:
                    if closed:
                        left.wait()
                    if error.errno not in NO_FILES:
                        raise
                    connections.say(f"not accepted: {error.strerror}", None)
                    eventlet.sleep(NO_FILES_SECONDS)

    green = Listener(listener)
    server = eventlet.spawn(
        eventlet.wsgi.server,
        green,
        app,
        # One is taken by each connection, also by those that are refused in the next moment, and
        # by websockets, which are counted elsewhere.
        custom_pool=eventlet.GreenPool(1_000_000),
        protocol=partial(Protocol, connections),
        log_output=False,
        debug=False,
        # They are written as they are meant; to spell a dozen anew takes as long as a small view.
        capitalize_response_headers=False,
    )

    def leave(*_: object) -> None:
        if not left.ready():
            left.send()

    def stop_accepting() -> None:
        nonlocal closed
        closed = True
        green.close()

    # The server's own end waits for every connection; ours for those that a proxy may be using.
    server.link(leave)
    drain.watch(stop_accepting, connections.end, leave)
    left.wait()


def serve_gevent(
    app: Flask, listener: socket.socket, drain: Drain, limits: ConnectionLimits
) -> None:
    """Serve by gevent, which must have patched the standard library."""
    import gevent
    from gevent import pywsgi
    from gevent.event import Event

    connections = Connections(limits, lambda: gevent.sleep(0))

    class Handler(pywsgi.WSGIHandler):  # type: ignore[misc]
        def __init__(self, found: Any, address: Any, server: Any, admitted: Connection) -> None:
            super().__init__(found, address, server, reader(admitted))
            self.admitted = admitted

        def handle_one_request(self) -> Any:
            self.admitted.await_request()
            return super().handle_one_request()

        def read_request(self, raw_requestline: str) -> bool:
            with checked_lines(self) as lines:
                super().read_request(raw_requestline)
            lines.check(raw_requestline, self.request_version)
            return True

        def finalize_headers(self) -> None:
            super().finalize_headers()
            if self.admitted.ends and not self.connection_upgraded:
                self.close_connection = True
                self.response_headers.append((b"Connection", b"close"))

        def get_environ(self) -> dict[str, Any]:
            return super().get_environ() | {ENVIRON_KEY: self.admitted, READER_KEY: self.rfile}

        def _sendall(self, data: bytes) -> None:
            self.admitted.write(data)
            self.response_length += len(data)

        def _handle_client_error(self, error: Exception) -> Any:
            if isinstance(error, OSError):
                return None  # the connection has ended already
            if isinstance(error, BadHead):
                return str(error.status.value), _refusal(error)
            return super()._handle_client_error(error)

    class Server(pywsgi.WSGIServer):  # type: ignore[misc]
        def handle(self, found: Any, address: Any) -> None:
            admitted = connections.admit(found, address[0])
            if admitted is None:
                return
            try:
                Handler(found, address, self, admitted).handle()
            except OSError as error:
                log.debug("a connection of %s ended: %s", address[0], error)
            finally:
                admitted.leave()

    listener.setblocking(False)
    server = Server(listener, app, log=None, error_log=log)
    server.start()
    left = Event()
    drain.watch(server.close, connections.end, left.set)
    left.wait()


def _refusal(fault: BadHead) -> bytes:
    """The answer to a head where the server has none."""
    text = f"{fault}\n".encode()
    head = (
        f"HTTP/1.1 {fault.status.value} {fault.status.phrase}",
        "Content-Type: text/plain",
        f"Content-Length: {len(text)}",
        "Connection: close\r\n\r\n",
    )
    return "\r\n".join(head).encode() + text


def serve_threads(
    app: Flask, listener: socket.socket, drain: Drain, limits: ConnectionLimits
) -> None:
    """Serve by a thread a connection, one request each."""
    from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

    connections = Connections(limits)

    class Handler(QuickHeads, WSGIRequestHandler):
        protocol_version = "HTTP/1.1"
        server: Server

        def setup(self) -> None:
            self.connection = self.request
            self.admitted = self.server.admitted.pop(self.request)
            self.rfile = self.reader = reader(self.admitted)
            self.wfile = self.admitted.stream()

        def handle_one_request(self) -> None:
            self.admitted.await_request()
            super().handle_one_request()

        def make_environ(self) -> dict[str, Any]:
            return super().make_environ() | {ENVIRON_KEY: self.admitted, READER_KEY: self.rfile}

        def finish(self) -> None:
            try:
                super().finish()
            finally:
                self.admitted.leave()

        def log(self, type: str, message: str, *args: Any) -> None:
            # The application logs its requests, and its errors, itself.
            log.debug(message, *args)

    class Server(ThreadedWSGIServer):
        daemon_threads = True

        def __init__(self) -> None:
            host, port = listener.getsockname()[:2]
            self.admitted: dict[Any, Connection] = {}
            super().__init__(host, port, app, Handler, fd=listener.fileno())

        def process_request(self, request: Any, client_address: Any) -> None:
            admitted = connections.admit(request, client_address[0])
            if admitted is None:
                self.shutdown_request(request)
                return
            self.admitted[request] = admitted
            try:
                super().process_request(request, client_address)
            except BaseException:
                # No thread could be started.
                del self.admitted[request]
                admitted.leave()
                raise

        def handle_error(self, request: Any, client_address: Any) -> None:
            log.exception("a connection of %s ended by an error", client_address[0])

    server = Server()
    left = threading.Event()
    closed = threading.Event()

    def stop_accepting() -> None:
        server.shutdown()
        closed.wait()

    drain.watch(stop_accepting, connections.end, left.set)
    server.serve_forever(poll_interval=0.1)
    # From here the kernel refuses new connections, so that clients try another worker at once.
    listener.close()
    server.socket.close()
    closed.set()
    left.wait()


SERVERS: dict[str, Serve] = {
    "eventlet": serve_eventlet,
    "gevent": serve_gevent,
    "threading": serve_threads,
}
