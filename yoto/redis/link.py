"""The short path to one server: a socket, a reply parser, and nothing between.

A call through redis-py's client runs its pool, its liveness check, its retry object, its metrics
and its response callbacks, which together cost more than the network. redis-py still opens the
connection (TCP, TLS, unix socket, HELLO, AUTH, SELECT); only the exchange itself is done here.
"""

from __future__ import annotations

import _socket
import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hiredis
from redis import exceptions
from redis.connection import AbstractConnection

from yoto.redis.borrowed import socket_of
from yoto.redis.patience import state_of

# hiredis declares a tuple of one item and means any number.
pack_command: Callable[[tuple[str | int | float | bytes, ...]], bytes]
pack_command = hiredis.pack_command  # type: ignore[assignment]

_READ_SIZE = 16 * 1024  # bytes; replies of scripts are small

_NOT_YET = object()

# Errors to which the caller of a script reacts by something else than giving up.
_ERRORS: dict[str, Callable[..., Exception]] = {
    "NOSCRIPT": exceptions.NoScriptError,
    "MOVED": exceptions.MovedError,
    "ASK": exceptions.AskError,
    "TRYAGAIN": exceptions.TryAgainError,
    "READONLY": exceptions.ReadOnlyError,
    "CLUSTERDOWN": exceptions.ClusterDownError,
    "MASTERDOWN": exceptions.MasterDownError,
    "LOADING": exceptions.BusyLoadingError,
    "NOPERM": exceptions.NoPermissionError,
    "NOAUTH": exceptions.AuthenticationError,
    "OOM": exceptions.OutOfMemoryError,
    "CROSSSLOT": exceptions.ClusterCrossSlotError,
}


def _reply_error(text: str) -> Exception:
    code, _, rest = text.partition(" ")
    make = _ERRORS.get(code)
    if make is not None:
        return make(rest, status_code=code)
    return exceptions.ResponseError(text, status_code=code)


class Link:
    """One open connection. Not for two callers at once; after any exception it must be closed.

    Attributes:
        timeout: seconds that each send and each read may take.
    """

    __slots__ = ("_connection", "_feed", "_gets", "_receive", "_socket", "send", "timeout")

    def __init__(self, connection: AbstractConnection, timeout: float) -> None:
        """Open ``connection``; each send and each read may then take ``timeout`` seconds.

        Raises:
            redis.exceptions.ConnectionError, redis.exceptions.TimeoutError: no response.
        """
        connection.connect()  # type: ignore[no-untyped-call]
        # The connection is kept: it owns the socket.
        sock: socket.socket = socket_of(connection)
        self._socket = sock
        self.timeout = timeout
        _set_timeout(sock, timeout)
        reader = hiredis.Reader(
            protocolError=exceptions.InvalidResponse,
            replyError=_reply_error,
            notEnoughData=_NOT_YET,
        )
        self._connection = connection
        self._receive = sock.recv
        self._feed = reader.feed
        self._gets = reader.gets
        self.send: Callable[[bytes], None] = sock.sendall

    def read(self) -> Any:
        """One reply; an error reply is returned as an exception object.

        Raises:
            OSError: time is up, or the connection is lost.
            redis.exceptions.InvalidResponse: the bytes received are no reply.
        """
        reply = self._gets()
        while reply is _NOT_YET:
            try:
                data = self._receive(_READ_SIZE)
            except (TimeoutError, BlockingIOError):
                # It may be we who are late; see ``yoto.redis.patience``.
                if state_of(self._socket) != "has data":
                    raise
                data = self._receive(_READ_SIZE)
            if not data:
                raise ConnectionResetError("the server closed the connection")
            self._feed(data)
            reply = self._gets()
        return reply

    def is_stale(self) -> bool:
        """Whether the server closed the idle connection, or sent unrequested data."""
        return state_of(self._socket) != "silent"

    def wait_up_to(self, timeout: float) -> None:
        """Let each send and each read take ``timeout`` seconds from now on."""
        if timeout != self.timeout:
            self.timeout = timeout
            _set_timeout(self._socket, timeout)

    def shut_down(self) -> None:
        """End another thread's wait here at once; that thread closes the link."""
        with suppress(OSError):
            plain = _socket.socket(fileno=os.dup(self._socket.fileno()))
            try:
                plain.shutdown(socket.SHUT_RDWR)
            finally:
                plain.close()

    def close(self) -> None:
        """Close the socket."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


def _set_timeout(sock: socket.socket, timeout: float) -> None:
    """Bound each send and receive, at the least cost that the kind of socket allows.

    Python waits with ``poll`` before every call on a socket that has a time-out. The kernel can
    bound a blocking call by itself, which saves those. Sockets of event loops stay non-blocking
    underneath whatever is asked, and TLS needs several calls to read once; both keep Python's way.
    """
    if type(sock) is socket.socket:
        sock.settimeout(None)
        if os.get_blocking(sock.fileno()):
            seconds = int(timeout)
            limit = struct.pack("ll", seconds, int((timeout - seconds) * 1_000_000))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            return
    sock.settimeout(timeout)
