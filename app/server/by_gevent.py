"""Serving by gevent's own ``pywsgi``, on connections that are bounded.

Gevent must have patched the standard library.
"""

from __future__ import annotations

import logging
import socket
from typing import Any

import gevent
from flask import Flask
from gevent import pywsgi

from app.server.connections import ENVIRON_KEY, Connection, ConnectionLimits, Connections
from app.server.drain import Ending
from app.server.head import BadHead, check_head

log = logging.getLogger(__name__)


class Handler(pywsgi.WSGIHandler):  # type: ignore[misc]
    """Gevent's, on a connection that is bounded."""

    bounded: Connection

    def handle_one_request(self) -> Any:
        """As gevent's, once there is a byte of it."""
        self.bounded.await_request()
        self.rfile.peek(1)
        self.bounded.begin_head()
        return super().handle_one_request()

    def MessageClass(self, *args: Any) -> Any:
        """The headers as gevent reads them; what could be read in two ways is refused."""
        headers = super().MessageClass(*args)
        if self.bounded.late:
            raise BadHead("What is missing looks like the end of the head.")
        if not headers.status:
            check_head(self.request_version, headers)
        return headers

    def finalize_headers(self) -> None:
        """As gevent's; the last of a connection says so, also if that is known only now."""
        super().finalize_headers()
        if self.bounded.ends and not self.connection_upgraded:
            self.close_connection = True
            self.response_headers.append((b"Connection", b"close"))

    def get_environ(self) -> dict[str, Any]:
        """As gevent's, with the connection."""
        return {**super().get_environ(), ENVIRON_KEY: self.bounded}


def serve_gevent(
    app: Flask, listener: socket.socket, ending: Ending, limits: ConnectionLimits
) -> None:
    """Serve until told to stop."""
    connections = Connections(limits, lambda: gevent.sleep(0))

    class Server(pywsgi.WSGIServer):  # type: ignore[misc]
        def handle(self, found: Any, address: Any) -> None:
            admitted = connections.admit(found, address[0])
            if admitted is None:
                return
            try:
                handler = Handler(found, address, self)
                handler.bounded = admitted
                handler.handle()
            except OSError as error:
                log.debug("a connection of %s ended: %s", address[0], error)
            finally:
                admitted.leave()

    listener.setblocking(False)
    server = Server(listener, app, log=None, error_log=log)
    server.start()
    ending.drain(connections, server.close)
