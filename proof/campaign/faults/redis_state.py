"""Redis servers answer, and cannot do their work or have lost what they knew."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import redis

from proof.campaign.faults.base import Branch, Fault
from proof.campaign.faults.processes import any_primary
from proof.campaign.faults.seen import (
    LOG_RENEWED,
    REST,
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

PROMOTED_WITHIN = 10.0  # s
ROOM = 4096  # bytes that an evicting server may take beyond what it has
WITHOUT = either(
    logged(r"\S+ decides without redis" + REST),
    logged(r"(events wait for a relay|are not published now|hot counts wait)" + REST),
    logged(r"redis \S+ does not serve" + REST),
    counted("yoto_guard_store_errors_total"),
)


class Configured(Fault):
    """Primaries get other settings for a while."""

    settings: ClassVar[dict[str, str]]

    def __init__(self) -> None:
        self._before: list[tuple[Any, dict[str, str]]] = []

    def targets(self, cluster: Cluster, rng: random.Random) -> list[Any]:
        """The servers whose settings change."""
        return list(cluster.redis.primaries())

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        names = []
        for server in self.targets(cluster, rng):
            with server.client() as client:
                found = {}
                for key in self.settings:
                    found.update(client.config_get(key))
                before = {_text(key): _text(value) for key, value in found.items()}
                self._before.append((server, before))
                used = client.info("memory")["used_memory"]
                for key, value in self.settings.items():
                    client.config_set(key, value.format(used=used, little=used + ROOM))
            names.append(server.name)
        return ", ".join(names)

    def end(self) -> None:
        while self._before:
            server, before = self._before.pop()
            # A server that was killed meanwhile is back with the settings of its start.
            with suppress(redis.RedisError, OSError), server.client() as client:
                for key, value in before.items():
                    client.config_set(key, value)


class OutOfMemory(Configured):
    """``maxmemory`` is reached, and nothing may be evicted."""

    name = "redis-out-of-memory"
    effects = ("no-redis",)
    settings = {"maxmemory-policy": "noeviction", "maxmemory": "1"}
    branches = (Branch("OOM: goes on without Redis", both(replied("OOM"), WITHOUT)),)


class Evicting(Configured):
    """Keys of any kind vanish to make room, the log and the floors' counters among them."""

    name = "redis-evicting"
    erases = True
    effects = ("lost-data",)
    settings = {"maxmemory-policy": "allkeys-random", "maxmemory": "{little}"}
    branches = (
        Branch(
            "keys vanish under load, and are made again",
            both(
                noted("evicted"),
                either(LOG_RENEWED, counted("yoto_cache_lookups_total", tier="l2", result="miss")),
            ),
        ),
    )

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._primaries = list(cluster.redis.primaries())
        self._gone_before = self._gone()
        return super().begin(cluster, rng)

    def look(self) -> dict[str, str]:
        gone = self._gone() - self._gone_before
        return {"evicted": f"{gone} keys were evicted"} if gone > 0 else {}

    def _gone(self) -> int:
        gone = 0
        for server in self._primaries:
            with suppress(redis.RedisError, OSError), server.client() as client:
                gone += client.info("stats")["evicted_keys"]
        return gone


class TooFewReplicas(Configured):
    """``min-replicas-to-write`` asks for more replicas than there are."""

    name = "redis-too-few-replicas"
    effects = ("no-redis",)
    settings = {"min-replicas-to-write": "3"}
    branches = (Branch("NOREPLICAS: goes on without Redis", both(replied("NOREPLICAS"), WITHOUT)),)


class NoRight(Fault):
    """The user of the workers loses its right to write on one primary."""

    name = "redis-no-right"
    effects = ("no-redis",)
    branches = (Branch("NOPERM: goes on without Redis", both(replied("NOPERM"), WITHOUT)),)

    def __init__(self) -> None:
        self._server: Any = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._server = any_primary(cluster, rng)
        with self._server.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "-@scripting")
        return str(self._server.name)

    def end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(redis.RedisError, OSError), server.client() as client:
                client.execute_command("ACL", "SETUSER", "default", "+@all")


class DemotedPrimary(Fault):
    """A replica takes over by force, while clients still write to the one before."""

    name = "redis-read-only"
    effects = ("lost-data", "no-redis")
    seconds = (2.0, 4.0)
    branches = (
        Branch(
            "READONLY or MOVED: the slot map is read again",
            either(
                replied("READONLY"),
                replied("MOVED"),
            ),
        ),
    )

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        primary = any_primary(cluster, rng)
        replica = cluster.redis.replica_of(primary)
        with replica.client() as client:
            client.execute_command("CLUSTER", "FAILOVER", "FORCE")
        return f"{primary.name} to {replica.name}"


class Flushed(Fault):
    """``FLUSHALL`` on every primary: log, floors, limits, locks, queues are gone."""

    name = "redis-flushall"
    erases = True
    effects = ("lost-data",)
    seconds = (1.0, 2.0)
    branches = (Branch("a log that was lost begins anew", LOG_RENEWED),)

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        servers = cluster.redis.primaries()
        for server in servers:
            with server.client() as client:
                client.flushall()
        return ", ".join(server.name for server in servers)


class ScriptsFlushed(Fault):
    """``SCRIPT FLUSH`` everywhere."""

    name = "redis-script-flush"
    seconds = (1.0, 2.0)
    branches = (Branch("NOSCRIPT: loaded again, and run", replied("NOSCRIPT")),)

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        for server in cluster.redis.servers:
            with suppress(redis.RedisError, OSError), server.client() as client:
                client.script_flush()
        return "all six"


class RestartedEmpty(Fault):
    """The primary of the log is started again at once, empty, under its id: nobody takes over."""

    name = "redis-restarted-empty"
    erases = True
    effects = ("lost-data", "no-redis")
    seconds = (1.0, 2.0)
    branches = (Branch("a log that was lost begins anew", LOG_RENEWED),)

    def __init__(self) -> None:
        self._server: Any = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        with any_primary(cluster, rng).client() as client:
            slot = int(client.execute_command("CLUSTER", "KEYSLOT", "yoto:{inv}"))
        self._server = cluster.redis.owner_of(slot)
        self._server.kill()
        shutil.rmtree(self._server.folder / "appendonlydir", ignore_errors=True)
        self._server.start()
        return str(self._server.name)

    def end(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        if not server.alive:
            server.start()

        def serves() -> bool:
            with suppress(redis.RedisError, OSError), server.client() as client:
                return bool(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
            return False

        wait_until(serves, PROMOTED_WITHIN, f"{server.name} in its cluster")


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
