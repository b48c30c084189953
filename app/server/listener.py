"""Listening sockets that several processes can have on one port."""

from __future__ import annotations

import errno
import logging
import resource
import socket
from typing import Any

from yoto.errors import ConfigurationError

log = logging.getLogger(__name__)

# Files that a process has open beside its clients' connections: databases, Redis, logs, libraries.
OTHER_FILES = 512
BACKLOG = 1024  # connections that wait for accept; the kernel cuts it to its own limit


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket, not listening yet, that shares its port by ``SO_REUSEPORT``.

    Binding alone reserves the port: the kernel hands connections only to sockets that listen.

    Raises:
        ConfigurationError: ``HOST`` is no address of this machine, or ``PORT`` cannot be had.
    """
    family, address = _resolved(host, port)
    return _bound(family, address, shared=True)


def refuse_taken(host: str, port: int) -> None:
    """Make sure that no one listens yet, not even a process that shares the port: another Yoto.

    Two of them would take turns at answering, each from its own data.

    Raises:
        ConfigurationError: as ``bind``.
    """
    if port:
        family, address = _resolved(host, port)
        _bound(family, address, shared=False).close()


def _resolved(host: str, port: int) -> tuple[int, Any]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError("HOST", f"'{host}' is no address: {error}") from error
    return family, address


def _bound(family: int, address: Any, shared: bool) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        host, port = address[:2]
        if error.errno == errno.EADDRINUSE:
            reason = f"{port} is in use on {host}; choose another one with --port"
            raise ConfigurationError("PORT", reason) from error
        if error.errno == errno.EACCES:
            raise ConfigurationError("PORT", f"{port} is not ours to listen on") from error
        raise ConfigurationError("HOST", f"'{host}' is not of this machine: {error}") from error
    return bound


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a shared port; see ``bind``."""
    listening = bind(host, port)
    listening.listen(BACKLOG)
    return listening


def make_room(connections: int) -> None:
    """Raise this process's limit of open files for so many client connections, as far as permitted.

    A process that may open no more files can accept no client, and reach no database.
    """
    wanted = connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            log.warning(
                "the system lets this process open %d files (ulimit -n); CONNECTIONS_MAX and"
                " SOCKETS_MAX need %d",
                allowed,
                wanted,
            )
