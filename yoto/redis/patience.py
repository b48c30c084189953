"""Connections that do not take a stall of their own process for a silent server.

A process that was stopped, or whose event loop was held up, hears first that its time is up, and
looks only then at what has arrived meanwhile. Every call that was waiting would take Redis for
lost, although the answers lie in its sockets. So nothing is believed to be late before one look
that waits for nothing.
"""

from __future__ import annotations

import _socket
import os
import socket
import time
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from redis import exceptions
from redis.connection import (
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)

from yoto.redis.borrowed import Connecting, address_of, socket_of

State: TypeAlias = Literal["silent", "has data", "closed"]


def state_of(sock: socket.socket) -> State:
    """The state of the socket's input, found without waiting, under every event loop.

    A patched ``select`` does not see that the peer hung up before its loop has run, and a socket
    with a time-out would wait for it; so this asks the kernel through a plain socket on the same
    file.
    """
    try:
        plain = _socket.socket(fileno=os.dup(sock.fileno()))
    except OSError:
        # No descriptor is left to look with; the caller then opens another connection.
        return "closed"
    try:
        return "has data" if plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) else "closed"
    except BlockingIOError:
        return "silent"
    except OSError:
        return "closed"
    finally:
        plain.close()


# s by which a time-out may be noticed late by a process that is merely busy.
STALL = 0.05
# Ways to connect that have worked in this process: see ``Patient._way``.
_proved: set[tuple[str, str | None, str]] = set()


class Patient(Connecting):
    """The common base of the connections below."""

    # The likely fault where a server ends the connection at the greeting without a reason.
    doubt = ""

    @property
    def _longest(self) -> float:
        """Seconds that it takes to see that nothing can be opened, unless we look late."""
        return getattr(self, "socket_connect_timeout", None) or 0.0

    def read_response(self, *args: Any, **options: Any) -> Any:
        closes = options.pop("disconnect_on_error", True)
        try:
            return super().read_response(*args, disconnect_on_error=False, **options)
        except exceptions.TimeoutError:
            sock = socket_of(self)
            if sock is not None and state_of(sock) == "has data":
                return super().read_response(*args, disconnect_on_error=closes, **options)
            self._close_if(closes)
            raise
        except exceptions.ResponseError:
            raise
        except BaseException:
            self._close_if(closes)
            raise

    def opened(self, connect: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            return super().opened(connect)
        except TimeoutError:
            if time.monotonic() - began < self._longest + STALL:
                raise
        # We looked too late to know: once more.
        return super().opened(connect)

    def on_connect_check_health(self, *args: Any, **options: Any) -> None:
        try:
            super().on_connect_check_health(*args, **options)
        except exceptions.ConnectionError as error:
            raise self.doubted(error) from error
        _proved.add(self._way)

    @property
    def _way(self) -> tuple[str, str | None, str]:
        """The way it connects: the hint for its protocol, the certificate, the address."""
        return self.doubt, getattr(self, "certfile", None), address_of(self)

    def doubted(self, error: Exception) -> Exception:
        """``error`` of opening, with the likely fault where a server accepted us and hung up.

        A server that accepted such a connection before is not at fault: it ends, as in a failover.
        """
        if type(error) is not exceptions.ConnectionError or not self.doubt:
            return error
        if self._way in _proved:
            return error
        if " connecting to " in str(error):
            return error
        return exceptions.ConnectionError(f"{error} ({self.doubt})")

    def _close_if(self, closes: bool) -> None:
        if closes:
            self.disconnect()  # type: ignore[no-untyped-call]


class PatientTCP(Patient, Connection):
    """A TCP connection."""

    doubt = "if this port speaks TLS, set REDIS_TLS or write rediss://"


class PatientTLS(Patient, SSLConnection):
    """A TLS connection."""

    doubt = "the server may ask for a certificate that it trusts: REDIS_TLS_CERT"

    def opened(self, connect: Callable[[], Any]) -> Any:
        try:
            return super().opened(connect)
        except TimeoutError:
            raise exceptions.TimeoutError(
                "Timeout connecting to server (it may not speak TLS on this port)"
            ) from None

    @property
    def _longest(self) -> float:
        # The server may take as long for its part of the handshake as for an answer.
        return super()._longest + (self.socket_timeout or 0.0)


class PatientSocket(Patient, UnixDomainSocketConnection):
    """A connection by a unix socket."""
