"""Serving by eventlet's own ``wsgi``, on connections that are bounded.

Eventlet must have patched the standard library.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
import eventlet.wsgi
from eventlet.greenio import GreenSocket
from flask import Flask

from app.server.connections import ENVIRON_KEY, ConnectionLimits, Connections
from app.server.drain import Ending
from app.server.head import BadHead, check_head
from app.server.listener import AGAIN_SECONDS

log = logging.getLogger(__name__)

# Connections that are accepted before those that are here get their turn.
ACCEPTED_AT_ONCE = 32


class Lines(eventlet.wsgi.FileObjectForHeaders):  # type: ignore[misc]
    """What chunks are read from: the lines between them have the bounds of a head's."""

    def read(self, size: int = -1) -> Any:
        """As of what it is around."""
        return self.fp.read(size)


class Protocol(eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
    """Eventlet's, on a connection that is bounded."""

    def __init__(self, connections: Connections, conn_state: list[Any], server: Any) -> None:
        address, found, _ = conn_state
        admitted = connections.admit(found, address[0])
        if admitted is None:
            return
        self.bounded = admitted
        try:
            super().__init__(conn_state, server)
        except OSError as error:
            log.debug("a connection of %s ended: %s", address[0], error)
        except Exception:
            log.exception("a connection of %s ended by an error", address[0])
        finally:
            admitted.leave()

    def handle_one_request(self) -> None:
        """As eventlet's, once there is a byte of it."""
        self.bounded.await_request()
        self.rfile.peek(1)
        self.bounded.begin_head()
        super().handle_one_request()

    def parse_request(self) -> bool:
        """As the base class's; what could be read in two ways is refused."""
        whole = super().parse_request()
        if self.bounded.late:
            # What is missing looks like the end of the head.
            self.close_connection = True
            return False
        try:
            if whole:
                check_head(self.request_version, self.headers)
        except BadHead as fault:
            self.send_error(fault.status, str(fault))
            return False
        return bool(whole)

    def handle_one_response(self) -> None:
        """As eventlet's; the last of a connection says so, also if that is known only now."""
        application = self.application

        def ending(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            def begin(*said: Any) -> Any:
                self.close_connection = self.close_connection or self.bounded.ends
                return start(*said)

            return application(environ, begin)

        self.application = ending
        super().handle_one_response()

    def get_environ(self) -> dict[str, Any]:
        """As eventlet's, with the connection."""
        environ = super().get_environ()
        environ["wsgi.input"].rfile = Lines(self.rfile)
        return {**environ, ENVIRON_KEY: self.bounded}


def serve_eventlet(
    app: Flask, listener: socket.socket, ending: Ending, limits: ConnectionLimits
) -> None:
    """Serve until told to stop."""
    connections = Connections(limits, eventlet.sleep)
    accepted = 0

    class Listener(GreenSocket):  # type: ignore[misc]
        """Accepts as the server asks, and survives what ends the server's own loop.

        A loop that ended would close connections on which a request may be on its way, so once
        nothing is accepted it waits for the end of all.
        """

        def accept(self) -> Any:
            nonlocal accepted
            accepted += 1
            if accepted % ACCEPTED_AT_ONCE == 0:
                eventlet.sleep()
            while True:
                try:
                    return super().accept()
                except OSError as error:
                    if self.fileno() < 0:
                        eventlet.Event().wait()
                    connections.say(f"not accepted: {error.strerror}", None)
                    eventlet.sleep(AGAIN_SECONDS)

    green = Listener(listener)
    eventlet.spawn(
        eventlet.wsgi.server,
        green,
        app,
        # One is taken by each connection, also by those that are refused in the next moment, and
        # by websockets, which are counted elsewhere.
        custom_pool=eventlet.GreenPool(1_000_000),
        protocol=partial(Protocol, connections),
        log_output=False,
        debug=False,
    )
    ending.drain(connections, green.close)
