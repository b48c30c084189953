"""Redis servers are killed and stopped, and hand over to their replicas."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis

from proof.campaign.faults.base import Branch, Fault
from proof.campaign.faults.processes import Killed, OfAProcess, Stopped, any_primary
from proof.campaign.faults.seen import (
    LOG_RENEWED,
    OF_REDIS,
    REDIS_AWAY,
    REST,
    answered,
    both,
    counted,
    either,
    logged,
    noted,
    replied,
)
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from proof.cluster import Cluster

FAILOVER_WITHIN = 15.0  # s


class PrimaryKilled(Killed):
    """Its replica takes over with what it has got; the server comes back as its replica."""

    name = "redis-primary-killed"
    effects = ("lost-data", "no-redis")
    seconds = (4.0, 8.0)
    branches = (
        Branch("fails fast, then the successor", REDIS_AWAY),
        Branch(
            "goes through again", logged(r"(calls to redis \S+ go through again|has redis again)")
        ),
    )

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return any_primary(cluster, rng)


class PrimaryStopped(Stopped):
    """Long enough for its replica to take over: it wakes up and is no primary any more."""

    name = "redis-primary-stopped"
    effects = ("lost-data", "no-redis")
    seconds = (4.0, 8.0)
    branches = (
        Branch(
            "no answer in time: the successor is asked",
            either(counted("yoto_redis_errors_total", kind="timeout"), REDIS_AWAY),
        ),
    )

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return any_primary(cluster, rng)


class OfAReplica(OfAProcess):
    """A replica is broken; its primary says so while it lasts."""

    branches = (
        Branch("its primary goes on without it", both(noted("behind"), answered(*OF_REDIS))),
    )

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        self._primary = any_primary(cluster, rng)
        return cluster.redis.replica_of(self._primary)

    def look(self) -> dict[str, str]:
        with suppress(redis.RedisError, OSError), self._primary.client() as client:
            said = client.info("replication")
            if said["connected_slaves"] == 0:
                return {"behind": f"{self._primary.name} has no replica and serves"}
            lag = said.get("slave0", {}).get("lag", 0)
            if lag >= 2:  # it reports every second
                return {"behind": f"the replica of {self._primary.name} was {lag} s behind"}
        return {}


class ReplicaKilled(OfAReplica, Killed):
    """It takes a copy of everything when it is back."""

    name = "redis-replica-killed"


class ReplicaStopped(OfAReplica, Stopped):
    """The same without an end of its connections."""

    name = "redis-replica-stopped"
    seconds = (3.0, 6.0)


class EveryPrimaryStopped(Fault):
    """All of Redis is silent, longer than the alert of the shipped rules waits."""

    name = "redis-all-stopped"
    effects = ("lost-data", "no-redis")
    seconds = (50.0, 55.0)
    alone = True
    alerts = ("YotoRedisAway",)
    branches = (
        Branch("guards decide without Redis", logged(r"\S+ decides without redis" + REST)),
        Branch("changes wait in the outbox", logged(r"events wait for a relay" + REST)),
        Branch("readers go to the database and begin anew", LOG_RENEWED),
    )

    def __init__(self) -> None:
        self._servers: list[Any] = []

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._servers = list(cluster.redis.servers)
        for server in self._servers:
            server.pause()
        return "all six"

    def end(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.resume()


class OrderedFailover(Fault):
    """``CLUSTER FAILOVER``: a replica takes over from a primary that knows, and nothing is lost."""

    name = "redis-failover"
    effects = ("no-redis",)
    seconds = (2.0, 4.0)
    branches = (
        Branch(
            "the slot map is corrected",
            either(replied("MOVED"), replied("READONLY"), replied("CLUSTERDOWN")),
        ),
        Branch("the replica is primary", both(noted("promoted"), answered(*OF_REDIS))),
    )

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        primary = any_primary(cluster, rng)
        self._replica = cluster.redis.replica_of(primary)
        with self._replica.client() as client:
            client.execute_command("CLUSTER", "FAILOVER")
        return f"{primary.name} to {self._replica.name}"

    def look(self) -> dict[str, str]:
        with self._replica.client() as client:
            is_primary = client.info("replication")["role"] == "master"
        return {"promoted": f"{self._replica.name} is primary"} if is_primary else {}


class FailoverWithOlderData(Fault):
    """The primary is cut off from its replica, takes writes, and dies: the replica knows less.

    Writes that the primary has acknowledged are lost, as Redis documents.
    """

    name = "redis-older-data"
    effects = ("lost-data", "no-redis")
    seconds = (4.0, 7.0)
    branches = (
        Branch("lost entries of the log are noticed", LOG_RENEWED),
        Branch("the replica took over", both(noted("promoted"), answered(*OF_REDIS))),
    )

    def __init__(self) -> None:
        self._primary: Any = None
        self._paused: Any = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        # The one that has the invalidation log shows most; slot by the key's tag.
        with any_primary(cluster, rng).client() as client:
            slot = int(client.execute_command("CLUSTER", "KEYSLOT", "yoto:{inv}"))
        self._primary = cluster.redis.owner_of(slot)
        self._replica = cluster.redis.replica_of(self._primary)
        # Stopped, it falls behind; the bus does not miss it within the node time-out.
        self._replica.pause()
        self._paused = self._replica
        with self._primary.client() as client:
            before = client.info("replication")["master_repl_offset"]

            def behind() -> bool:
                return bool(client.info("replication")["master_repl_offset"] > before)

            wait_until(behind, FAILOVER_WITHIN, "writes that the replica does not get")
            # Writes on their way to the replica are lost with the connection.
            client.execute_command("CLIENT", "KILL", "TYPE", "replica")
        self._primary.kill()
        self._go_on()
        return f"{self._primary.name} to {self._replica.name}"

    def look(self) -> dict[str, str]:
        with self._replica.client() as client:
            is_primary = client.info("replication")["role"] == "master"
        return {"promoted": f"{self._replica.name} is primary"} if is_primary else {}

    def _go_on(self) -> None:
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.resume()

    def end(self) -> None:
        self._go_on()
        primary, self._primary = self._primary, None
        if primary is not None and not primary.alive:
            primary.begin()
