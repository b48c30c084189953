"""Our real client code, and redis-py's, on the model, which replaces their sockets."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
import redis
from redis import exceptions

from proof.simulation.current import task, world
from proof.simulation.redis_model.keyspace import CommandError, Status
from proof.simulation.redis_model.server import Server
from proof.simulation.scheduler import Task
from yoto.redis import RedisConnection, RedisSettings
from yoto.redis.clients import translated
from yoto.redis.link import _reply_error, pack_command
from yoto.redis.node import CONNECTION_ERRORS, Node
from yoto.redis.router import SingleRouter
from yoto.redis.topology import Topology


def connection_to(server: Server) -> RedisConnection:
    """The connection for other packages, whose server is the model."""
    settings = RedisSettings(url="redis://model:6379", socket_timeout=0.5, connect_timeout=0.5)
    return ModelConnection(settings, server)


class ModelConnection(RedisConnection):
    """A connection that finds the model instead of a server."""

    def __init__(self, settings: RedisSettings, server: Server) -> None:
        super().__init__(settings)
        node = Node(
            "model:6379",
            lambda: server,  # type: ignore[arg-type, return-value]
            self._prober,
            timeout=settings.socket_timeout,
            max_links=settings.max_connections,
        )
        client = Client(node, server)
        self._topology = Topology("single", client, SingleRouter(node, client))


class Link:
    """In the place of ``yoto.redis.link.Link``: one connection to the model.

    The reply to a blocking ``XREAD`` comes when there is one; any other command runs, with those
    that were sent with it, when its reply is read.
    """

    def __init__(self, server: Server, timeout: float) -> None:
        if server.down:
            raise exceptions.ConnectionError("connection refused")
        self._server = server
        self._epoch = server.epoch
        self.timeout = timeout
        self._requests = hiredis.Reader()
        self._replies: deque[Any] = deque()
        self._shut = False
        self._reader: Task | None = None

    def send(self, data: bytes) -> None:
        self._requests.feed(data)

    def read(self) -> Any:
        if not self._replies:
            commands = list(iter(self._requests.gets, False))
            replies = world().call(lambda: self._execute(commands))
            self._replies.extend(replies)
        reply = self._replies.popleft()
        return self._wait(reply) if isinstance(reply, _Blocked) else reply

    def is_stale(self) -> bool:
        return self._epoch != self._server.epoch

    def wait_up_to(self, timeout: float) -> None:
        self.timeout = timeout

    def shut_down(self) -> None:
        self._shut = True
        if self._reader is not None:
            world().wake(self._reader)

    def close(self) -> None:
        """Nothing is open."""

    def _execute(self, commands: Sequence[list[bytes]]) -> list[Any]:
        return [self._one(command) for command in commands]

    def _one(self, command: list[bytes]) -> Any:
        self._check()
        if command[0] == b"WAIT":
            return _Blocked(command)
        if command[0] == b"XREAD":
            return self._read_streams(command)
        world().note(command)
        return _shown(self._server.execute(command))

    def _read_streams(self, command: list[bytes]) -> Any:
        reply, _ = self._server.read_streams(command)
        return _Blocked(command) if reply is None else _shown(reply)

    def _wait(self, blocked: _Blocked) -> Any:
        here, (name, *args) = world(), blocked.command
        if name == b"WAIT":
            # The replica says so at its next answer.
            deadline = here.now + int(args[1]) / 1000
            while not self._server.confirmed() and here.now < deadline:
                here.sleep(0.001)
                self._check()
            return int(self._server.confirmed())
        deadline = here.now + int(args[3]) / 1000
        self._reader = here.current
        self._server.readers[self] = here.current
        try:
            while here.now < deadline:
                here.wait(deadline - here.now)
                self._check()
                reply, _ = self._server.read_streams(blocked.command)
                if reply is not None:
                    return _shown(reply)
            return None
        finally:
            self._reader = None
            self._server.readers.pop(self, None)

    def _check(self) -> None:
        if self._shut or self.is_stale() or self._server.down:
            raise ConnectionResetError("the server closed the connection")


class _Blocked:
    """A command whose reply comes later."""

    def __init__(self, command: list[bytes]) -> None:
        self.command = command


def _shown(reply: Any) -> Any:
    """A reply as our parser gives it."""
    if isinstance(reply, CommandError):
        return _reply_error(str(reply))
    return bytes(reply) if isinstance(reply, Status) else reply


class Client(redis.Redis):
    """redis-py's client, whose commands take our short path; it parses their replies."""

    def __init__(self, node: Node, server: Server) -> None:
        super().__init__(protocol=2)
        self._node, self._server = node, server

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            reply = self._node.call(pack_command(args))
        except CONNECTION_ERRORS as error:
            raise translated(error) from error
        if isinstance(reply, Exception):
            raise reply
        parse = self.response_callbacks.get(args[0])
        return reply if parse is None else parse(reply, **options)

    def pubsub(self, **options: Any) -> Any:
        return Subscription(self._server)


class Subscription:
    """redis-py's ``PubSub``, as far as our code uses it."""

    def __init__(self, server: Server) -> None:
        if server.down:
            raise exceptions.ConnectionError("connection refused")
        self._server, self._epoch = server, server.epoch
        self._messages: deque[dict[str, Any]] = deque()
        self._channels: list[bytes] = []
        self._waiting: Task | None = None

    def subscribe(self, channel: str) -> None:
        name = channel.encode()
        world().call(lambda: self._subscribe(name))

    def _subscribe(self, name: bytes) -> None:
        self._server.subscribers.setdefault(name, []).append(self)
        self._channels.append(name)
        self._messages.append({"type": "subscribe", "data": 1})

    def hear(self, channel: bytes, message: bytes) -> None:
        self._messages.append({"type": "message", "data": message})
        if self._waiting is not None:
            world().wake(self._waiting)

    def get_message(self, timeout: float = 0.0) -> dict[str, Any] | None:
        if not self._messages:
            self._waiting = task()
            try:
                world().wait(timeout)
            finally:
                self._waiting = None
        if self._epoch != self._server.epoch:
            raise exceptions.ConnectionError("the server closed the connection")
        return self._messages.popleft() if self._messages else None

    def close(self) -> None:
        for name in self._channels:
            hearers = self._server.subscribers.get(name, [])
            if self in hearers:
                hearers.remove(self)
