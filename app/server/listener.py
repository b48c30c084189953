"""Listening sockets that several processes can have on one port."""

from __future__ import annotations

import socket

BACKLOG = 1024  # connections that wait for accept; the kernel cuts it to its own limit


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket, not listening yet, that shares its port by ``SO_REUSEPORT``.

    Binding alone reserves the port: the kernel hands connections only to sockets that listen.

    Raises:
        OSError: the address is not ours, or somebody who does not share has the port.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a shared port; see ``bind``."""
    listening = bind(host, port)
    listening.listen(BACKLOG)
    return listening
