"""Connections before they are requests: how many there may be, and how long each thing may take."""

from __future__ import annotations

import enum
import errno
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.server.drain import InFlight
from yoto.resilience import network_of

log = logging.getLogger(__name__)

# Keys in a request's WSGI environment: the connection, and what the server reads from it.
ENVIRON_KEY = "yoto.connection"
READER_KEY = "yoto.reader"
# s in which a client must take something of what is sent to it; for threads and gevent, all of one
# piece of an answer.
SEND_SECONDS = 30.0
# s in which what a client still sends is thrown away, so that it reads an answer that came early.
LINGER_SECONDS = 2.0
# Requests of one connection before the others get their turn.
REQUESTS_AT_ONCE = 8
# s between two lines of the log about the same thing: a flood would fill it.
LOG_EVERY = 10.0

_HEAD = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n{}\r\n"
TOO_SLOW = _HEAD.format("408 Request Timeout", "").encode()
TOO_MANY = _HEAD.format("503 Service Unavailable", "Retry-After: 1\r\n").encode()


class TooSlow(ConnectionResetError):
    """A client took too long. Servers treat it as disconnected."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.ECONNRESET, what)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of the plain connections of one worker.

    Attributes:
        most: how many there may be.
        of_one: how many of them one network may have; see ``network_of``. None: any number.
        head: seconds from the first byte of a request, or the beginning of the connection, to the
            end of its headers.
        body: seconds for all of a body.
        keep_alive: seconds until the next request begins.
        proxied: whether all come from proxies, which keep them for requests of anybody.
    """

    most: int
    of_one: int | None
    head: float
    body: float
    keep_alive: float
    proxied: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> ConnectionLimits:
        """Those of a configuration. Proxies bring all clients' connections by their own address."""
        proxied = bool(config["TRUSTED_PROXIES"])
        return cls(
            most=config["CONNECTIONS_MAX"],
            of_one=None if proxied else config["CONNECTIONS_PER_ADDRESS"],
            head=config["REQUEST_HEAD_SECONDS"],
            body=config["REQUEST_BODY_SECONDS"],
            keep_alive=config["KEEP_ALIVE_SECONDS"],
            proxied=proxied,
        )


class Phase(enum.Enum):
    """The current phase of a connection."""

    WAITING = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()


class Connections:
    """The plain connections of one worker. Those that became websockets are ``Transports``' to
    count.

    Attributes:
        ending: whether each ends with its next answer.
    """

    def __init__(
        self, limits: ConnectionLimits, pause: Callable[[], object] = lambda: None
    ) -> None:
        """``pause`` lets others run; a server of threads needs none."""
        self.limits = limits
        self.pause = pause
        self.ending = False
        self._lock = threading.Lock()
        self._open = InFlight()
        self._of: dict[str | None, int] = {}
        self._logged: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, found: Any, address: str) -> Connection | None:
        """The connection on an accepted TCP socket; None: rejected, with a response."""
        network = network_of(address)
        limits = self.limits
        with self._lock:
            of_it = self._of.get(network, 0)
            full = len(self._open) >= limits.most
            refused = full or (limits.of_one is not None and of_it >= limits.of_one)
            if not refused:
                self._of[network] = of_it + 1
                return Connection(self, found, network, self._open.begin())
        self.say("refused: this worker" if full else "refused: one address", network)
        # Nothing was sent yet, so there is room, and this does not block.
        with suppress(OSError):
            found.send(TOO_MANY)
        return None

    def leave(self, token: object, network: str | None) -> None:
        """One of a network, which ``token`` stands for, is no plain connection any more."""
        with self._lock:
            self._of[network] -= 1
            if not self._of[network]:
                del self._of[network]
        self._open.finish(token)

    def end(self, seconds: float) -> None:
        """Let each end with its next answer, and wait for proxies to let go of the others.

        A request that a proxy sends into the closing of a connection is lost, unless it may be sent
        twice. So nothing is closed that a proxy may be using, for at most ``seconds``; it sees that
        new connections are refused, and its idle ones end by themselves.
        """
        self.ending = True
        if self.limits.proxied:
            self._open.wait_until_none(seconds)

    def say(self, what: str, network: str | None) -> None:
        """Log what happened to a connection, not for each one of a flood."""
        now = time.monotonic()
        with self._lock:
            since, times = self._logged.get(what, (-LOG_EVERY, 0))
            quiet = now - since < LOG_EVERY
            self._logged[what] = (since, times + 1) if quiet else (now, 0)
        if not quiet:
            log.warning("%d connections %s, last of %s", times + 1, what, network)


class Connection:
    """One TCP connection with limited times for reads and writes.

    Time-outs of a socket alone would not do: each byte of one that drips starts them anew.
    """

    def __init__(self, all_: Connections, found: Any, network: str | None, token: object) -> None:
        self.socket = found
        self._all = all_
        self._network = network
        self._token: object | None = token
        self._phase = Phase.WAITING
        self._deadline = time.monotonic() + all_.limits.head
        self._requests = 0
        self._over = False
        self.is_websocket = False

    @property
    def ends(self) -> bool:
        """Whether it is to be closed after the answer that is made."""
        return self._all.ending or self._over

    def stream(self) -> Stream:
        """The unbuffered stream that servers read requests from and write responses to."""
        self.socket._io_refs += 1  # as socket.makefile does
        return Stream(self)

    def await_request(self) -> None:
        """A request may come: the first at once, others when the client has one."""
        if self._requests:
            # A client that pipelines requests has the next one here already.
            if self._requests % REQUESTS_AT_ONCE == 0:
                self._all.pause()
            self._deadline = time.monotonic() + self._all.limits.keep_alive
        self._requests += 1
        self._phase = Phase.WAITING

    def begin_body(self) -> None:
        """The headers are there, and say that a body comes."""
        self._phase = Phase.BODY
        self._deadline = time.monotonic() + self._all.limits.body

    def begin_answer(self) -> None:
        """The request is there, and takes as long as it takes."""
        self._phase = Phase.ANSWER
        self._deadline = float("inf")

    def begin_websocket(self) -> None:
        """From now on it has pings, and is counted elsewhere."""
        self.is_websocket = True
        self.leave()
        self.socket.settimeout(None)

    def end_websocket(self, error: Exception) -> None:
        """Cut it: it was sent something other than a packet. No response may be written into it."""
        log.debug("a websocket of %s failed", self._network, exc_info=error)
        self._all.say(f"ended: a websocket failed by {type(error).__name__}", self._network)
        self._cut()

    def read_no_more(self) -> None:
        """Ignore further input of the client: this connection ends with its response."""
        self._over = True

    def leave(self) -> None:
        """It is no plain connection any more; again changes nothing."""
        token, self._token = self._token, None
        if token is not None:
            self._all.leave(token, self._network)

    def read(self, buffer: Any) -> int:
        """Read into ``buffer`` what there is; 0: nothing comes any more.

        Raises:
            TooSlow: the head or the body of a request is not there in time.
        """
        now = time.monotonic()
        if self._phase is Phase.ANSWER and self._deadline == float("inf"):
            self._deadline = now + LINGER_SECONDS
        size = None if self._over else self._receive(buffer, self._deadline - now)
        if size is None:
            return self._expire()
        if self._phase is Phase.WAITING:
            self._phase = Phase.HEAD
            if self._requests > 1:
                self._deadline = time.monotonic() + self._all.limits.head
        return size

    def _receive(self, buffer: Any, seconds: float) -> int | None:
        """The received bytes, as ``recv_into``; None: nothing arrived in time."""
        if seconds > 0:
            self.socket.settimeout(seconds)
            with suppress(TimeoutError):
                return int(self.socket.recv_into(buffer))
        if self._phase is Phase.ANSWER:
            return None
        # A worker that stood still looks late, and what is here may have been in time.
        self.socket.settimeout(0)
        with suppress(BlockingIOError):
            return int(self.socket.recv_into(buffer))
        return None

    def write(self, data: Any) -> int:
        """Send all of ``data``.

        Raises:
            TooSlow: the client does not read.
        """
        self.socket.settimeout(SEND_SECONDS)
        try:
            self.socket.sendall(data)
        except TimeoutError:
            self._cut()
            self._all.say("ended: nothing was read from them", self._network)
            raise TooSlow("the client does not read") from None
        return len(data)

    def _expire(self) -> int:
        if self._over or self._phase in (Phase.WAITING, Phase.ANSWER):
            self._over = True
            return 0
        what = self._phase.name.lower()
        self._over = True
        self._all.say(f"ended: the {what} of a request took too long", self._network)
        if self._phase is Phase.HEAD:
            with suppress(OSError):
                self.socket.send(TOO_SLOW)
            self._cut()
        raise TooSlow(f"the {what} of the request was not there in time")

    def _cut(self) -> None:
        # A client that disconnected at this very moment has no connection any more.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Stream(socket.SocketIO):
    """A connection as a file. ``_sock`` of the base class is where libraries find the socket."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.socket, "rw")
        self._connection = connection

    def readinto(self, buffer: Any) -> int:
        """See ``Connection.read``."""
        return self._connection.read(buffer)

    def write(self, data: Any) -> int:
        """See ``Connection.write``."""
        return self._connection.write(data)


def reader(connection: Connection) -> io.BufferedReader:
    """The buffered reader from which a server takes requests."""
    return io.BufferedReader(connection.stream())
