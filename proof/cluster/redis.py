"""The Redis Cluster of the topology."""

from __future__ import annotations

import redis

from tests.support.redis_servers import Cluster, Server, start_cluster
from tests.support.waiting import HOST

OPTIONS = {
    # Long enough for processes of a busy machine, short beside the 15 s of Redis's own default.
    "cluster-node-timeout": "2000",
    "appendonly": "yes",
    "appendfsync": "everysec",
}


class RedisCluster:
    """Six servers, ``redis1`` to ``redis6``: three primaries with a replica each at the start."""

    def __init__(self) -> None:
        self.cluster: Cluster = start_cluster(primaries=3, replicas=1, options=OPTIONS)

    @property
    def servers(self) -> list[Server]:
        """All six, by name."""
        return self.cluster.servers

    @property
    def nodes(self) -> str:
        """Value for ``REDIS_CLUSTER_NODES``."""
        return self.cluster.nodes

    def named(self, name: str) -> Server:
        """One of them."""
        return next(server for server in self.servers if server.name == name)

    def primaries(self) -> list[Server]:
        """Those that serve slots now, by the word of the first that answers."""
        return [primary for primary, _ in self._shards()]

    def replica_of(self, server: Server) -> Server:
        """A replica that ``server`` has now.

        Raises:
            LookupError: it has none, or is none itself.
        """
        for primary, replicas in self._shards():
            if primary is server and replicas:
                return replicas[0]
        raise LookupError(f"{server.name} has no replica")

    def owner_of(self, slot: int) -> Server:
        """The server that serves a slot now, by the word of the first that answers.

        Raises:
            LookupError: none does.
        """
        return self.cluster.owner_of(slot)

    def client(self) -> redis.RedisCluster:
        """A client of the whole, past all links; replies are bytes."""
        nodes = [redis.cluster.ClusterNode(HOST, server.port) for server in self.servers]
        return redis.RedisCluster(startup_nodes=nodes)

    def wait_until_ready(self, limit: float = 30.0) -> None:
        """Return when all six agree that all slots are served and all replicas are in sync."""
        self.cluster.wait_until_ready(limit)

    def close(self) -> None:
        """End all of them."""
        self.cluster.close()

    def _shards(self) -> list[tuple[Server, list[Server]]]:
        """Each primary with its replicas."""
        for server in self.servers:
            if not server.alive:
                continue
            try:
                with server.client() as client:
                    nodes = client.execute_command("CLUSTER NODES")
            except (redis.ConnectionError, redis.TimeoutError):
                continue
            by_id = {node["node_id"]: address for address, node in nodes.items()}
            heads: dict[str, list[Server]] = {
                address: []
                for address, node in nodes.items()
                if "master" in node["flags"] and node["slots"]
            }
            for address, node in nodes.items():
                head = by_id.get(node["master_id"])
                if head in heads and "fail" not in node["flags"].split(","):
                    heads[head].append(self._at(address))
            return [(self._at(address), replicas) for address, replicas in heads.items()]
        raise LookupError("no server of the cluster answers")

    def _at(self, address: str) -> Server:
        host, _, port = address.rpartition(":")
        return self.cluster.server_at(host, int(port))
