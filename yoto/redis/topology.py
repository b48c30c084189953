"""Finds out the kind of server behind the settings, and builds its client and router."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from yoto.errors import ConfigurationError
from yoto.redis.circuit import Prober
from yoto.redis.clients import single_client
from yoto.redis.cluster import ClusterRouter
from yoto.redis.embedded import EmbeddedServer
from yoto.redis.endpoint import Endpoint, node_endpoint, socket_endpoint, url_endpoint
from yoto.redis.node import CONNECTION_ERRORS, Node
from yoto.redis.router import Router, SingleRouter
from yoto.redis.settings import RedisSettings

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["single", "cluster", "embedded"]


@dataclass(frozen=True)
class Topology:
    """The servers that the settings led to.

    Attributes:
        kind: the kind of the server.
        client: the redis-py client (``redis.Redis`` or ``redis.RedisCluster``).
        router: where scripts go.
        server: the embedded server, if that is it.
    """

    kind: Kind
    client: Any
    router: Router
    server: EmbeddedServer | None = None

    def close(self) -> None:
        """Close every connection and leave the embedded server.

        A call of another thread goes on; its connections are closed when it ends.
        """
        self.router.close()
        if self.server is not None:
            self.server.close()


def open_topology(settings: RedisSettings, prober: Prober) -> Topology:
    """Choose by the settings: cluster nodes, a URL, or the embedded server.

    Raises:
        StoreUnavailable, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError: it takes
            a connection to choose, and no server responded.
        ConfigurationError: the server found does not fit the settings.
    """
    if settings.nodes:
        return _of_nodes(settings, prober)
    if settings.url is not None:
        return _single("single", url_endpoint(settings), settings, prober)
    return _embedded(settings, prober)


def _of_nodes(settings: RedisSettings, prober: Prober) -> Topology:
    """A cluster if any node says that it is part of one; else the one server they stand for."""
    standalone: list[tuple[Endpoint, bool]] = []
    failure: Exception | None = None
    for host, port in settings.nodes:
        endpoint = node_endpoint(settings, host, port)
        try:
            mode, role = _greeting(endpoint)
        except CONNECTION_ERRORS as error:
            failure = error
            continue
        if mode == "cluster":
            return _cluster(settings, prober)
        standalone.append((endpoint, role == "master"))
    if not standalone:
        assert failure is not None
        raise failure
    log.warning("REDIS_CLUSTER_NODES names no cluster; using a single server")
    primaries = [endpoint for endpoint, is_primary in standalone if is_primary]
    endpoint = primaries[0] if primaries else standalone[0][0]
    endpoint.options["db"] = settings.db
    return _single("single", endpoint, settings, prober)


def _greeting(endpoint: Endpoint) -> tuple[str, str]:
    """A server's mode and role, from its response to the greeting (HELLO)."""
    connection: Any = endpoint.connection()
    try:
        connection.connect()
        hello = {_text(key): value for key, value in connection.handshake_metadata.items()}
        return _text(hello["mode"]), _text(hello["role"])
    finally:
        connection.disconnect()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _cluster(settings: RedisSettings, prober: Prober) -> Topology:
    if settings.db:
        raise ConfigurationError("REDIS_DB", f"a cluster has database 0 only, not {settings.db}")
    router = ClusterRouter(settings, prober)
    return Topology("cluster", router.client, router)


def _embedded(settings: RedisSettings, prober: Prober) -> Topology:
    if settings.embedded_dir is None:
        raise ConfigurationError(
            "REDIS_URL", "set it, or REDIS_CLUSTER_NODES, or give an instance folder"
        )
    server = EmbeddedServer(settings.embedded_dir)

    def start_again() -> bool:
        server.ensure_running()
        return True

    endpoint = socket_endpoint(settings, server.attach())
    return _single("embedded", endpoint, settings, prober, server, start_again)


def _single(
    kind: Kind,
    endpoint: Endpoint,
    settings: RedisSettings,
    prober: Prober,
    server: EmbeddedServer | None = None,
    before_probe: Any = None,
) -> Topology:
    node = Node(
        endpoint.name,
        endpoint.connection,
        prober,
        timeout=settings.socket_timeout,
        max_links=settings.max_connections,
        before_probe=before_probe,
    )
    client = single_client(endpoint, node.circuit, settings.max_connections)
    return Topology(kind, client, SingleRouter(node, client), server)
