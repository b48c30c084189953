"""Finds out what stands behind the settings, and builds the client and the router for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from app.core.redis.clients import single_client
from app.core.redis.endpoint import Endpoint, url_endpoint
from app.core.redis.gate import Prober
from app.core.redis.node import Node
from app.core.redis.router import Router, SingleRouter
from app.core.redis.settings import RedisSettings

Kind: TypeAlias = Literal["single", "cluster", "embedded"]


@dataclass(frozen=True)
class Topology:
    """What the settings led to.

    Attributes:
        kind: what the server is.
        client: the redis-py client (``redis.Redis`` or ``redis.RedisCluster``).
        router: where scripts go.
    """

    kind: Kind
    client: Any
    router: Router

    def close(self) -> None:
        """Close every connection."""
        self.client.close()
        for node in self.router.nodes():
            node.close_idle()


def open_topology(settings: RedisSettings, prober: Prober) -> Topology:
    """Choose by the settings: cluster nodes, a URL, or the embedded server."""
    return _single("single", url_endpoint(settings), settings, prober)


def _single(kind: Kind, endpoint: Endpoint, settings: RedisSettings, prober: Prober) -> Topology:
    node = Node(
        endpoint.name,
        endpoint.connection,
        prober,
        timeout=settings.socket_timeout,
        max_links=settings.max_connections,
    )
    client = single_client(endpoint, node.gate, settings.max_connections)
    return Topology(kind, client, SingleRouter(node))
