"""Scripts on a cluster: slot to server to connection.

redis-py's cluster client holds the one slot map. Its own calls are too slow for the hot path, but
its map is kept right by both sides: what it learns by its errors serves scripts and what scripts
learn serves it.
"""

from __future__ import annotations

import logging
import threading
from typing import Any
from weakref import WeakSet

from redis import exceptions
from redis.cluster import PRIMARY

from yoto.errors import StoreUnavailable
from yoto.redis.circuit import Circuit, Prober
from yoto.redis.clients import NO_MAP, CircuitPool, ClusterClient, cluster_client
from yoto.redis.endpoint import node_endpoint
from yoto.redis.keys import slot_of
from yoto.redis.node import CONNECTION_ERRORS, Node
from yoto.redis.settings import RedisSettings

log = logging.getLogger(__name__)


class ClusterRouter:
    """Maps slots to nodes by the cluster client's map."""

    def __init__(self, settings: RedisSettings, prober: Prober) -> None:
        """Connect to the cluster.

        Raises:
            StoreUnavailable: none of the configured nodes responds.
        """
        self._settings = settings
        self._prober = prober
        self._nodes: dict[str, Node] = {}
        self._lock = threading.Lock()
        self._pools: WeakSet[CircuitPool] = WeakSet()
        self._unserved: set[int] = set()
        self._coverage = Circuit("slots without a server", prober, self._look_for_servers)
        endpoints = [node_endpoint(settings, host, port) for host, port in settings.nodes]
        try:
            self.client: ClusterClient = cluster_client(
                endpoints, self._circuit_of, settings.max_connections, self._pools
            )
        except BaseException:
            self._close_pools()
            raise
        self._map: Any = self.client.nodes_manager

    def node_for(self, key: str | bytes | None) -> Node:
        """The primary of the key's slot; some primary for ``None``.

        Raises:
            StoreUnavailable: no node serves the slot.
        """
        if key is None:
            nodes = self.nodes()
            return next((node for node in nodes if not node.circuit.tripped), nodes[0])
        slot = slot_of(key)
        owners = self._map.slots_cache.get(slot)
        if not owners:
            self._coverage.check()
            self.refresh()
            owners = self._map.slots_cache.get(slot)
            if not owners:
                failure = exceptions.SlotNotCoveredError(f"nobody serves slot {slot}")
                self._unserved.add(slot)
                self._coverage.refused(failure)
                raise StoreUnavailable("redis", failure)
        primary = owners[0]
        return self._nodes.get(primary.name) or self.node_at(primary.host, primary.port)

    def node_at(self, host: str, port: int) -> Node:
        """The node at an address, which need not be in the map yet."""
        name = f"{host}:{port}"
        with self._lock:
            node = self._nodes.get(name)
            if node is None:
                node = self._nodes[name] = self._new_node(host, port)
            return node

    def moved(self, error: exceptions.MovedError) -> None:
        """Correct one slot of the map."""
        if error.host:
            self._map.move_slot(error)
        else:
            self.refresh()

    def refresh(self, suspect: Node | None = None) -> None:
        """Read the map from any node that responds, asking ``suspect`` last.

        When no node responds the old map stays: a circuit will soon trip.
        """
        try:
            self._map.initialize(
                additional_startup_nodes_info=list(self._settings.nodes),
                last_failed_node_name=None if suspect is None else suspect.name,
            )
        except (StoreUnavailable, *NO_MAP, *CONNECTION_ERRORS) as error:
            log.debug("the slot map of the cluster could not be read: %s", error)

    def _look_for_servers(self) -> None:
        self.refresh()
        self._unserved = {slot for slot in self._unserved if not self._map.slots_cache.get(slot)}
        if self._unserved:
            raise exceptions.SlotNotCoveredError(f"{len(self._unserved)} slots that were asked for")

    def nodes(self) -> list[Node]:
        """All primaries."""
        primaries = self._map.get_nodes_by_server_type(PRIMARY)
        return [self.node_at(node.host, node.port) for node in primaries]

    def all_nodes(self) -> list[Node]:
        """All primaries and replicas."""
        return [self.node_at(node.host, node.port) for node in list(self._map.nodes_cache.values())]

    def close(self) -> None:
        """Close every connection, those of the client too."""
        self._close_pools()
        for node in list(self._nodes.values()):
            node.close()

    def _close_pools(self) -> None:
        for pool in list(self._pools):
            pool.close()

    def _circuit_of(self, host: str, port: int) -> Circuit:
        return self.node_at(host, port).circuit

    def _new_node(self, host: str, port: int) -> Node:
        endpoint = node_endpoint(self._settings, host, port)

        def find_successor() -> bool:
            self.refresh(suspect=node)
            return node.name in self._map.nodes_cache

        node = Node(
            endpoint.name,
            endpoint.connection,
            self._prober,
            timeout=self._settings.socket_timeout,
            max_links=self._settings.max_connections,
            before_probe=find_successor,
            in_cluster=True,
        )
        return node
