"""Connections before they are requests: how many there may be, and how long each thing may take."""

from __future__ import annotations

import enum
import logging
import math
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from yoto.resilience import network_of

log = logging.getLogger(__name__)

# Key of the connection in a request's WSGI environment.
ENVIRON_KEY = "yoto.connection"
# s in which a client must take something of what is sent to it: the kernel ends it then (of Linux).
SEND_SECONDS = 30
# s between two looks at what is late, and, at the end, at what still runs.
SWEEP_SECONDS, LOOK_SECONDS = 0.5, 0.02
# Requests of one connection before the others get their turn.
REQUESTS_AT_ONCE = 8
# s between two lines of the log about the same thing: a flood would fill it.
LOG_EVERY = 10.0

_HEAD = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n{}\r\n"
TOO_SLOW = _HEAD.format("408 Request Timeout", "").encode()
TOO_MANY = _HEAD.format("503 Service Unavailable", "Retry-After: 1\r\n").encode()


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of the plain connections of one worker.

    Attributes:
        most: how many there may be.
        of_one: how many of them one network may have; see ``network_of``. None: any number.
        head: seconds to the first byte of a new connection, and from the first byte of a request to
            the end of its headers.
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


class Connection:
    """A plain connection: its phase, and until when. The sweep ends what is late, so that whoever
    waits for it reads its end.

    Attributes:
        late: whether it was: what was read since may be half of something.
        is_websocket: whether it became one.
    """

    def __init__(self, all_: Connections, found: socket.socket, network: str | None) -> None:
        self.socket, self.network = found, network
        self.late = self.is_websocket = False
        self._all = all_
        self._requests = 0
        self._last = False
        self._begin(Phase.WAITING, all_.limits.head)

    def _begin(self, phase: Phase, seconds: float = math.inf) -> None:
        # In this order: the sweep may be another thread's.
        self.deadline = time.monotonic() + seconds
        self.phase = phase

    @property
    def ends(self) -> bool:
        """Whether it is to be closed after the answer that is made."""
        return self._last or self._all.ending

    def await_request(self) -> None:
        """A request may come: the first at once, others when the client has one."""
        if self._requests:
            self._begin(Phase.WAITING, self._all.limits.keep_alive)
            # A client that pipelines requests has the next one here already.
            if self._requests % REQUESTS_AT_ONCE == 0:
                self._all.pause()

    def begin_head(self) -> None:
        """The first byte of a request is there."""
        self._requests += 1
        self._begin(Phase.HEAD, self._all.limits.head)

    def begin_body(self) -> None:
        """The headers are there, and say that a body comes."""
        self._begin(Phase.BODY, self._all.limits.body)

    def begin_answer(self) -> None:
        """The request is there, and takes as long as it takes."""
        self._begin(Phase.ANSWER)

    def begin_websocket(self) -> None:
        """From now on it has pings, and is counted elsewhere."""
        self.is_websocket = True
        self._all.leave(self, to_websockets=True)

    def end_websocket(self, error: Exception) -> None:
        """Cut it: it was sent something other than a packet. No response may be written into it."""
        name = type(error).__name__
        log.warning("a websocket of %s failed by %s", self.network, name)
        log.debug("a websocket of %s failed", self.network, exc_info=error)
        self.cut()

    def read_no_more(self) -> None:
        """What else the client sends is no request: this connection ends with its response."""
        self._last = True

    def leave(self) -> None:
        """It is no plain connection any more; again changes nothing."""
        self._all.leave(self)

    def expire(self) -> None:
        """End what was not there in time."""
        phase = self.phase
        if phase is Phase.ANSWER:
            return  # it was there at this very moment
        self.late, self._last, self.deadline = True, True, math.inf
        if phase is not Phase.WAITING:
            what = phase.name.lower()
            self._all.say(f"ended: the {what} of a request took too long", self.network)
        if phase is Phase.BODY:
            # The answer says so.
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RD)
            return
        if phase is Phase.HEAD:
            with suppress(OSError):
                self.socket.settimeout(0)
                self.socket.send(TOO_SLOW)
        self.cut()

    def cut(self) -> None:
        """End it at once, also for who waits for it."""
        # A client that disconnected at this very moment has no connection any more.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


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
        self._open: set[Connection] = set()
        self._of: Counter[str | None] = Counter()
        self._swept = time.monotonic()
        self._logged: dict[str, tuple[float, int]] = {}
        self._websockets: WeakSet[Connection] = WeakSet()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, found: socket.socket, address: str) -> Connection | None:
        """Bound an accepted TCP socket; None: it was rejected, with a response."""
        network = network_of(address)
        limits = self.limits
        with suppress(AttributeError, OSError):
            timeout = SEND_SECONDS * 1000
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout)
        with self._lock:
            full = len(self._open) >= limits.most
            if not full and (limits.of_one is None or self._of[network] < limits.of_one):
                one = Connection(self, found, network)
                self._open.add(one)
                self._of[network] += 1
                return one
        self.say("refused: this worker" if full else "refused: one address", network)
        # Nothing was sent yet, so there is room, and this does not block.
        with suppress(OSError):
            found.send(TOO_MANY)
        return None

    def leave(self, one: Connection, to_websockets: bool = False) -> None:
        """Count it no longer, or as one of those that ``cut_websockets`` ends."""
        with self._lock:
            if to_websockets:
                self._websockets.add(one)
            if one in self._open:
                self._open.remove(one)
                self._of[one.network] -= 1
                if not self._of[one.network]:
                    del self._of[one.network]

    def sweep(self) -> None:
        """End what is late. To be called often: it looks now and then.

        What was late at the look before is: a worker that stood still has read by now what was
        there in time.
        """
        now, before = time.monotonic(), self._swept
        if now - before < SWEEP_SECONDS:
            return
        self._swept = now
        with self._lock:
            late = [one for one in self._open if one.deadline <= before]
        for one in late:
            one.expire()

    def end(self, seconds: float) -> bool:
        """Let each end with its next answer, and wait for those that run; False: some still do.

        A request that a proxy sends into the closing of a connection is lost, unless it may be sent
        twice. So all that a proxy may be using are waited for: it sees that new connections are
        refused, and its idle ones end by themselves.
        """
        self.ending = True
        until = time.monotonic() + seconds
        while self._busy():
            if time.monotonic() >= until:
                return False
            self.sweep()
            time.sleep(LOOK_SECONDS)
        return True

    def _busy(self) -> bool:
        running = (Phase.BODY, Phase.ANSWER)
        with self._lock:
            return any(self.limits.proxied or one.phase in running for one in self._open)

    def cut_websockets(self) -> None:
        """End those there are: what they wait for would hold up the end."""
        for one in list(self._websockets):
            one.cut()

    def say(self, what: str, network: str | None) -> None:
        """Log what happened to a connection, not for each one of a flood."""
        now = time.monotonic()
        with self._lock:
            since, times = self._logged.get(what, (-LOG_EVERY, 0))
            quiet = now - since < LOG_EVERY
            self._logged[what] = (since, times + 1) if quiet else (now, 0)
        if not quiet:
            log.warning("%d connections %s, last of %s", times + 1, what, network)
