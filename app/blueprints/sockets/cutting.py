"""Ending a connection whose client does not read: nothing may wait for it to take something."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from typing import Any

from flask import Flask


def cut(app: Flask, eio_sid: str) -> None:
    """End a connection of Engine.IO at once, with all of its namespaces.

    The library's own end waits until the client has taken what is queued, and its writer until the
    kernel takes what it writes. So the TCP connection is shut down too, which wakes the writer.
    """
    engine = app.extensions["socketio"].server.eio
    found = engine.sockets.get(eio_sid)
    if found is None:
        return
    environ = app.extensions["socketio"].server.environ.get(eio_sid, {})
    found.close(wait=False, abort=True, reason=engine.reason.SERVER_DISCONNECT)
    engine.sockets.pop(eio_sid, None)
    connection = connection_of(environ)
    if connection is not None:
        # Who went away in this very moment has no connection any more.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def connection_of(environ: Mapping[str, Any]) -> Any:
    """The TCP connection of a websocket, as each of our servers gives it; None: not known."""
    if "werkzeug.socket" in environ:
        return environ["werkzeug.socket"]
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    if environ.get("SERVER_SOFTWARE", "").startswith("gevent"):
        reader = environ["wsgi.input"]
        reader = getattr(reader, "rfile", reader)
        return getattr(getattr(reader, "raw", None), "_sock", None)
    return None
