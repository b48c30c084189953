"""redis-py clients that share the platform's errors and its fail-fast circuits.

Connection errors, and answers of a server that cannot do its work now, come out of them as
``StoreUnavailable``. The classes here are redis-py errors as well, so that redis-py's own handling
(closing, reconnecting, reading the slot map again) still works on them.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, MutableSet, Sequence
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.connection import AbstractConnection, BlockingConnectionPool
from redis.retry import Retry

from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis.borrowed import BySlot, socket_of
from yoto.redis.circuit import Circuit
from yoto.redis.endpoint import Endpoint
from yoto.redis.patience import Patient, PatientSocket, PatientTCP, PatientTLS, state_of
from yoto.redis.refusals import ROUTING, refusal_code

# A cluster client that lost a connection reads the slot map and tries once more: by then a failover
# is over or it is not, and waiting for it is for the caller to decide.
CLUSTER_RETRIES = 1

_CONNECTION_ERRORS = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.InvalidResponse,
)

# Errors of redis-py when no node gives it a slot map; the second when the map is empty.
NO_MAP = (exceptions.RedisClusterException, IndexError)

# Where the seconds stand: the last argument, or the first after the name.
_SECONDS_LAST = frozenset(
    ("BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX"),
)
_SECONDS_FIRST = frozenset(("BLMPOP", "BZMPOP"))
_MILLISECONDS_AFTER_BLOCK = frozenset(("XREAD", "XREADGROUP"))


def blocking_seconds(command: Sequence[Any]) -> float | None:
    """Seconds for which a command asked the server to wait; 0 for most, None for no limit."""
    name = command[0]
    if name in _MILLISECONDS_AFTER_BLOCK:
        for position, part in enumerate(command[:-1]):
            if part in ("BLOCK", b"BLOCK"):
                return float(command[position + 1]) / 1000 or None
        return 0.0
    if name in _SECONDS_LAST:
        return float(command[-1]) or None
    if name in _SECONDS_FIRST:
        return float(command[1]) or None
    return 0.0


class RedisLost(StoreUnavailable, exceptions.ConnectionError):
    """The connection failed."""


class RedisTimedOut(StoreUnavailable, exceptions.TimeoutError):
    """No response in time."""


class RedisRefused(StoreUnavailable, exceptions.ResponseError):
    """The server responded that it cannot do this now."""


def translated(error: Exception) -> StoreUnavailable:
    """The platform's error for one of redis-py's."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, exceptions.ResponseError):
        return RedisRefused("redis", error)
    if isinstance(error, exceptions.TimeoutError):
        return RedisTimedOut("redis", error)
    return RedisLost("redis", error)


class _Reporting(Patient):
    """A connection that reports errors to its circuit, and is patient with blocking commands."""

    def __init__(self, *args: Any, circuit: Circuit, **options: Any) -> None:
        self._circuit = circuit
        self._blocks_for: float | None = 0.0
        self._opening = False
        super().__init__(*args, **options)

    def connect_check_health(self, *args: Any, **options: Any) -> None:
        if self.is_connected:
            return
        self._opening = True
        try:
            self._report(super().connect_check_health, *args, **options)
        except exceptions.ResponseError as error:
            # A server that rejects the handshake (its user, its database) takes no calls either.
            self._circuit.failed(error)
            raise RedisLost("redis", error) from error
        finally:
            self._opening = False

    def can_read(self, timeout: float = 0) -> bool:
        sock = socket_of(self)
        # Event loops take ``poll`` away, without which redis-py cannot see that a server hung up.
        if sock is not None and not hasattr(select, "poll") and state_of(sock) == "closed":
            raise exceptions.ConnectionError("the server closed the connection")
        return super().can_read(timeout)

    def send_command(self, *args: Any, **options: Any) -> None:
        self._blocks_for = blocking_seconds(args)
        super().send_command(*args, **options)  # type: ignore[no-untyped-call]

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        self._report(super().send_packed_command, command, check_health)

    def read_response(self, *args: Any, **options: Any) -> Any:
        blocks_for, self._blocks_for = self._blocks_for, 0.0
        if blocks_for != 0.0 and "timeout" not in options:
            patience = None if blocks_for is None else blocks_for + (self.socket_timeout or 0.0)
            options["timeout"] = patience
        try:
            reply = self._report(super().read_response, *args, **options)
        except exceptions.ResponseError as error:
            # Parts of the handshake may be refused; redis-py knows which.
            if self._opening or isinstance(error, ROUTING) or refusal_code(error) is None:
                raise
            raise translated(error) from error
        if self._circuit.failures:
            self._circuit.succeeded()
        return reply

    def _report(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return method(*args, **options)
        except _CONNECTION_ERRORS as error:
            if isinstance(error, StoreUnavailable):
                raise
            # A connection that the server closed says little; the next one will show.
            if self._opening or isinstance(error, exceptions.TimeoutError):
                self._circuit.failed(error)
            else:
                self._circuit.noted(error)
            raise translated(self.doubted(error) if self._opening else error) from error


class _ReportingTCP(_Reporting, PatientTCP):
    pass


class _ReportingTLS(_Reporting, PatientTLS):
    pass


class _ReportingSocket(_Reporting, PatientSocket):
    pass


_REPORTING: dict[Callable[..., AbstractConnection], type[Any]] = {
    PatientTCP: _ReportingTCP,
    PatientTLS: _ReportingTLS,
    PatientSocket: _ReportingSocket,
}


class CircuitPool(BlockingConnectionPool):
    """A pool that hands out nothing while its server is known to be unavailable."""

    def __init__(self, circuit: Circuit, **options: Any) -> None:
        self._circuit = circuit
        self._closed = False
        super().__init__(circuit=circuit, **options)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close every connection; one that a call is using is closed when it comes back."""
        self._closed = True
        self._close_idle()

    def release(self, connection: Any) -> None:
        super().release(connection)  # type: ignore[no-untyped-call]
        if self._closed:
            self._close_idle()

    def get_connection(self, *args: Any, **options: Any) -> Any:
        self._circuit.check()
        try:
            return super().get_connection()  # type: ignore[no-untyped-call]
        except exceptions.ConnectionError as error:
            # Unless a connection said so, it is not the server: all connections are busy.
            if isinstance(error, StoreUnavailable):
                raise
            raise StoreUnavailable("redis", error) from error

    def _close_idle(self) -> None:
        # Taken out first, so that no call gets one that is being closed: it would open it again.
        taken = []
        with suppress(Empty):
            while True:
                taken.append(self.pool.get_nowait())
        for connection in taken:
            if connection is not None:
                connection.disconnect()
            self.pool.put_nowait(connection)


class SingleClient(redis.Redis):
    """redis-py's client of one server; a redirection to a cluster raises an error that says so."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except exceptions.AskError as error:
            raise cluster_behind_url() from error
        except ROUTING as error:
            raise translated(error) from error


@contextmanager
def _of_the_cluster() -> Iterator[None]:
    try:
        yield
    except (exceptions.ClusterError, exceptions.SlotNotCoveredError) as error:
        raise StoreUnavailable("redis", error) from error
    except exceptions.RedisClusterException as error:
        if error.__cause__ is None:
            # A call that no cluster takes, such as keys of two slots in one command.
            raise
        raise StoreUnavailable("redis", error) from error
    except ROUTING as error:
        raise translated(error) from error


class ClusterClient(BySlot):
    """redis-py's cluster client, for which an unreachable cluster is ``StoreUnavailable`` too."""

    ERRORS_ALLOW_RETRY = (  # type: ignore[assignment]
        *redis.RedisCluster.ERRORS_ALLOW_RETRY,
        RedisLost,
        RedisTimedOut,
    )

    @_of_the_cluster()
    def execute_command(self, *args: Any, **options: Any) -> Any:
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    # Commands of keys in any slots, such as EXISTS, go past the other one.
    @_of_the_cluster()
    def run_by_slot(self, run: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return super().run_by_slot(run, *args, **options)


def single_client(endpoint: Endpoint, circuit: Circuit, max_connections: int) -> redis.Redis:
    """A client of one server; replies are bytes."""
    pool = CircuitPool(
        circuit,
        connection_class=_REPORTING[endpoint.connection_class],
        max_connections=max_connections,
        timeout=endpoint.options["socket_timeout"],
        **endpoint.options,
    )
    return SingleClient.from_pool(pool)


def cluster_client(
    endpoints: list[Endpoint],
    circuit_of: Callable[[str, int], Circuit],
    max_connections: int,
    pools: MutableSet[CircuitPool],
) -> ClusterClient:
    """A client of the cluster that ``endpoints`` belong to; connects at once.

    Args:
        pools: takes the pool of each server, so that those of servers that leave the cluster can be
            closed too.

    Raises:
        StoreUnavailable: none of them responds.
    """
    first, *others = endpoints

    def pool(host: str, port: int, **options: Any) -> CircuitPool:
        made = CircuitPool(circuit_of(host, port), host=host, port=port, **options)
        pools.add(made)
        return made

    options = {
        key: value for key, value in first.options.items() if key not in ("host", "port", "retry")
    }
    host, port = first.options["host"], first.options["port"]
    try:
        return ClusterClient(
            # Given as a URL, the client builds its pools by ``connection_pool_class``.
            url=f"redis://{f'[{host}]' if ':' in host else host}:{port}",
            startup_nodes=[_start_node(endpoint) for endpoint in others],
            retry=Retry(NoBackoff(), CLUSTER_RETRIES),
            # Slots of a lost shard must not take the others with them.
            require_full_coverage=False,
            connection_class=_REPORTING[first.connection_class],
            connection_pool_class=pool,
            max_connections=max_connections,
            timeout=first.options["socket_timeout"],
            **options,
        )
    except NO_MAP as error:
        raise StoreUnavailable("redis", error) from error


def _start_node(endpoint: Endpoint) -> ClusterNode:
    host, port = endpoint.options["host"], endpoint.options["port"]
    return ClusterNode(host, port)  # type: ignore[no-untyped-call]


def cluster_behind_url() -> ConfigurationError:
    """The one server that was named sends us to others."""
    return ConfigurationError(
        "REDIS_URL", "this server is part of a cluster; name it in REDIS_CLUSTER_NODES instead"
    )
