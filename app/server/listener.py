"""The listening socket, and room for its connections."""

from __future__ import annotations

import errno
import logging
import socket

from yoto.errors import ConfigurationError

log = logging.getLogger(__name__)

# Files that a process has open beside its clients' connections: databases, Redis, logs, libraries.
OTHER_FILES = 512
# s until the next accept after one that failed, such as when the system lets us open no more files.
AGAIN_SECONDS = 0.1
BACKLOG = 1024  # connections that wait for accept; the kernel cuts it to its own limit


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket that does not listen yet: the port is reserved, and nobody is answered.

    Raises:
        ConfigurationError: ``HOST`` is no address of this machine, or ``PORT`` cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError("HOST", f"'{host}' is no address: {error}") from error
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            reason = f"{port} is in use on {host}; choose another one with --port"
            raise ConfigurationError("PORT", reason) from error
        if error.errno == errno.EACCES:
            raise ConfigurationError("PORT", f"{port} is not ours to listen on") from error
        raise ConfigurationError("HOST", f"'{host}' is not of this machine: {error}") from error
    return bound


def make_room(connections: int) -> None:
    """Raise this process's limit of open files for so many client connections, as far as permitted.

    A process that may open no more files can accept no client, and reach no database.
    """
    import resource  # not on Windows, where another server listens

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
