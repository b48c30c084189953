"""One server as the short path sees it: a pool of links and a circuit."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from redis import exceptions
from redis.connection import AbstractConnection

from yoto.deadlines import check_deadline, cut, spending
from yoto.redis.circuit import Circuit, Prober
from yoto.redis.link import Link, pack_command

_PING = pack_command((b"PING",))
_CLUSTER_INFO = pack_command((b"CLUSTER", b"INFO"))
_ROLE = pack_command((b"ROLE",))

# Errors of a server to every call of its slots for as long as it cannot serve them.
NOT_SERVING = (exceptions.ReadOnlyError, exceptions.ClusterDownError, exceptions.BusyLoadingError)
_ONE_SLOT = "Hash slot not served"

# Errors of the network or an absent server, from redis-py and from a link.
CONNECTION_ERRORS = (exceptions.ConnectionError, exceptions.TimeoutError)
LINK_ERRORS = (OSError, exceptions.InvalidResponse)


class PoolExhausted(exceptions.MaxConnectionsError):
    """All connections were busy for as long as we were willing to wait."""


class Unreachable(exceptions.ConnectionError):
    """No connection could be opened, so nothing was sent."""


class Node:
    """A server: call it, or take one of its links for a while.

    Safe for threads and greenlets. The pool hands out the link that was used last, so that a burst
    leaves its extra connections idle.

    Attributes:
        scripts: hashes of those that the server was given; forgotten when it may be another.
    """

    def __init__(
        self,
        name: str,
        new_connection: Callable[[], AbstractConnection],
        prober: Prober,
        *,
        timeout: float,
        max_links: int,
        before_probe: Callable[[], bool] | None = None,
        in_cluster: bool = False,
    ) -> None:
        """Nothing connects yet.

        Args:
            name: ``host:port``, or the path of a unix socket.
            new_connection: makes a connection that is not open yet.
            timeout: seconds for a send, a read, and for a free link.
            max_links: how many connections there may be at once.
            before_probe: called before each probe, to start the server again or to find its
                successor; False when the server is gone for good and need not be asked.
            in_cluster: the server is part of a cluster, and serves while that is well.
        """
        self.name = name
        self.scripts: set[str] = set()
        self._in_cluster = in_cluster
        self._became_replica = False
        self._before_probe = before_probe
        self.circuit = Circuit(name, prober, self.probe)
        self._new_connection = new_connection
        self._timeout = timeout
        self._max_links = max_links
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        self._idle: deque[Link] = deque()
        self._room = threading.Condition()
        self._open = 0
        self._waiting = 0
        self._pid = os.getpid()

    def call(self, command: bytes, check_idle: bool = False) -> Any:
        """Send one packed command and return its reply; an error reply is returned, not raised.

        Args:
            check_idle: make sure that the link was not closed by the server in the meantime, for a
                command that must not be sent twice.

        Raises:
            StoreUnavailable: fail-fast; nothing was sent.
            redis.exceptions.ConnectionError, redis.exceptions.TimeoutError: no reply.
        """
        link = self.take(check_idle)
        try:
            with spending("redis"):
                link.send(command)
                reply = link.read()
        except LINK_ERRORS as error:
            raise self.lost(link, error) from error
        except BaseException:
            self.discard(link)
            raise
        self.give(link)
        return reply

    def exchange(self, commands: Sequence[bytes], check_idle: bool = False) -> list[Any]:
        """Send several packed commands at once and return their replies; raises as ``call``."""
        link = self.take(check_idle)
        try:
            with spending("redis"):
                link.send(b"".join(commands))
                replies = [link.read() for _ in commands]
        except LINK_ERRORS as error:
            raise self.lost(link, error) from error
        except BaseException:
            self.discard(link)
            raise
        self.give(link)
        return replies

    def take(self, check_idle: bool = False) -> Link:
        """A link of the caller's own, to be handed to ``give``, ``lost`` or ``discard``."""
        if self._pid != os.getpid():
            # A child shares its parent's sockets, and must not speak on them.
            self._reset()
        if self.circuit.tripped:
            self.circuit.check()
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return self._open_link()
            if not check_idle or not link.is_stale():
                link.wait_up_to(cut(self._timeout))
                return link
            self.scripts.clear()
            self.discard(link)

    def give(self, link: Link) -> None:
        """Take back a link that works."""
        if self.circuit.failures:
            self.circuit.succeeded()
        self._idle.append(link)
        if self._closed:
            self.close_idle()
        if self._waiting:
            with self._room:
                self._room.notify()

    def discard(self, link: Link) -> None:
        """Close a link that is in an unknown state."""
        link.close()
        with self._room:
            self._open -= 1
            self._room.notify()

    def lost(self, link: Link, error: Exception) -> exceptions.RedisError:
        """Close a link whose connection failed; returns the error as redis-py would raise it.

        Raises:
            DeadlineExceeded: the caller's deadline ended the wait, which says nothing of the
                server.
        """
        self.discard(link)
        if isinstance(error, (TimeoutError, BlockingIOError)) and link.timeout < self._timeout:
            check_deadline()
        self.scripts.clear()
        # The cause that killed this one has most likely killed the idle ones too.
        self.close_idle()
        failure: exceptions.RedisError
        if isinstance(error, (TimeoutError, BlockingIOError)):
            failure = exceptions.TimeoutError(f"{self.name} did not answer in {self._timeout} s")
            self.circuit.failed(failure)
        else:
            # Trips nothing: the server may be up. Opening the next link will show.
            failure = exceptions.ConnectionError(f"{self.name}: {error}")
            self.circuit.noted(failure)
        return failure

    def refused(self, problem: Exception) -> None:
        """The server has responded with ``problem`` for as long as callers may wait."""
        if isinstance(problem, NOT_SERVING) and not str(problem).startswith(_ONE_SLOT):
            self._became_replica = isinstance(problem, exceptions.ReadOnlyError)
            self.circuit.refused(problem)

    def links(self) -> tuple[int, int]:
        """The number of links, and of idle ones among them."""
        return self._open, len(self._idle)

    def close(self) -> None:
        """Close every link; one that a call is using is closed when it is given back."""
        self._closed = True
        self.close_idle()

    def close_idle(self) -> None:
        """Close the idle links."""
        with suppress(IndexError):
            while True:
                self.discard(self._idle.pop())

    def probe(self) -> None:
        """Ask the server on a new connection whether it serves; raises when it does not.

        A command that its user may not use counts as answered well.
        """
        if self._before_probe is not None and not self._before_probe():
            return
        link = Link(self._new_connection(), self._timeout)
        try:
            link.send(_PING + _CLUSTER_INFO + _ROLE)
            alive, cluster, role = link.read(), link.read(), link.read()
        finally:
            link.close()
        if isinstance(alive, Exception):
            raise alive
        if self._in_cluster and isinstance(cluster, bytes) and b"cluster_state:ok" not in cluster:
            raise exceptions.ClusterDownError("The cluster is down")
        if self._became_replica and isinstance(role, list) and role[0] != b"master":
            raise exceptions.ReadOnlyError("it is a replica")
        self._became_replica = False

    def _open_link(self) -> Link:
        idle = self._reserve()
        if idle is not None:
            return idle
        try:
            connection, limit = self._new_connection(), cut(self._timeout)
            if limit < self._timeout:
                # The greeting, too, is an exchange.
                connection.socket_timeout = limit
                connection.socket_connect_timeout = min(
                    limit, connection.socket_connect_timeout or limit
                )
            return Link(connection, limit)
        except BaseException as error:
            with self._room:
                self._open -= 1
                self._room.notify()
            # A server that rejects the handshake (its user, its database) takes no calls either.
            if not isinstance(error, exceptions.RedisError):
                raise
            if isinstance(error, exceptions.TimeoutError):
                check_deadline()
            self.circuit.failed(error)
            raise Unreachable(str(error)) from error

    def _reserve(self) -> Link | None:
        """Count one more open link (None), or wait for another caller's."""
        with self._room:
            deadline = time.monotonic() + cut(self._timeout)
            self._waiting += 1
            try:
                while True:
                    with suppress(IndexError):
                        return self._idle.pop()
                    if self._open < self._max_links:
                        self._open += 1
                        return None
                    if not self._room.wait(deadline - time.monotonic()):
                        check_deadline()
                        raise PoolExhausted(
                            f"all {self._max_links} connections to {self.name} are busy"
                        )
            finally:
                self._waiting -= 1
