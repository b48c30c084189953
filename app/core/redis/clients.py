"""redis-py clients that share the platform's errors and its fail-fast gates.

Connection errors come out of them as ``StoreUnavailable``. The classes here are redis-py errors as
well, so that redis-py's own handling (closing, reconnecting, reading the slot map again) still
works on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis import exceptions
from redis.connection import (
    AbstractConnection,
    BlockingConnectionPool,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)

from app.core.errors import StoreUnavailable
from app.core.redis.endpoint import Endpoint
from app.core.redis.gate import Gate


class RedisLost(StoreUnavailable, exceptions.ConnectionError):
    """The connection failed."""


class RedisTimedOut(StoreUnavailable, exceptions.TimeoutError):
    """No answer in time."""


@contextmanager
def _reporting(gate: Gate) -> Iterator[None]:
    try:
        yield
    except StoreUnavailable:
        raise
    except exceptions.TimeoutError as error:
        gate.failed(error)
        raise RedisTimedOut("redis", error) from error
    except exceptions.ConnectionError as error:
        gate.failed(error)
        raise RedisLost("redis", error) from error


class _Reporting(AbstractConnection):
    """A connection that tells its gate how it fares."""

    def __init__(self, *args: Any, gate: Gate, **options: Any) -> None:
        self._gate = gate
        super().__init__(*args, **options)

    def connect(self) -> None:
        if self.is_connected:
            return
        with _reporting(self._gate):
            super().connect()  # type: ignore[no-untyped-call]

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        with _reporting(self._gate):
            super().send_packed_command(command, check_health)

    def read_response(self, *args: Any, **options: Any) -> Any:
        with _reporting(self._gate):
            reply = super().read_response(*args, **options)  # type: ignore[no-untyped-call]
        if self._gate.failures:
            self._gate.succeeded()
        return reply


class ReportingTCP(_Reporting, Connection):
    """TCP."""


class ReportingTLS(_Reporting, SSLConnection):
    """TCP with TLS."""


class ReportingSocket(_Reporting, UnixDomainSocketConnection):
    """Unix socket."""


_REPORTING: dict[Callable[..., AbstractConnection], type[Any]] = {
    Connection: ReportingTCP,
    SSLConnection: ReportingTLS,
    UnixDomainSocketConnection: ReportingSocket,
}


class GatedPool(BlockingConnectionPool):
    """A pool that hands out nothing while its server is known to be away."""

    def __init__(self, gate: Gate, **options: Any) -> None:
        self._gate = gate
        super().__init__(gate=gate, **options)  # type: ignore[no-untyped-call]

    def get_connection(self, *args: Any, **options: Any) -> Any:
        self._gate.check()
        try:
            return super().get_connection()  # type: ignore[no-untyped-call]
        except StoreUnavailable:
            raise
        except exceptions.ConnectionError as error:
            # Every connection is busy, which says nothing about the server.
            raise StoreUnavailable("redis", error) from error


def single_client(endpoint: Endpoint, gate: Gate, max_connections: int) -> redis.Redis:
    """A client of one server; replies are bytes."""
    pool = GatedPool(
        gate,
        connection_class=_REPORTING[endpoint.connection_class],
        max_connections=max_connections,
        timeout=endpoint.options["socket_timeout"],
        **endpoint.options,
    )
    return redis.Redis.from_pool(pool)
