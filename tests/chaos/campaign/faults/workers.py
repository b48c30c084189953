"""Workers and their supervisors are killed and stopped."""

from __future__ import annotations

import json
import os
import random
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis

from tests.chaos.campaign.faults.base import Branch, Fault
from tests.chaos.campaign.faults.processes import Killed, Stopped
from tests.chaos.campaign.faults.seen import LEASE_ENDED, NGINX_NOTICED, REST, logged
from yoto.redis import KeyBuilder

if TYPE_CHECKING:
    from tests.support.cluster import Cluster

LISTING = KeyBuilder().lock_listing("words")


class WorkerKilled(Fault):
    """One worker; its supervisor starts another."""

    name = "worker-killed"
    branches = (Branch("its supervisor replaces it", logged(r"worker \d+ ended with -9" + REST)),)
    alerts = ("YotoWorkerSilent",)

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        node = rng.choice(cluster.nodes)
        pid = rng.choice(sorted(node.pids()))
        os.kill(pid, signal.SIGKILL)
        self.killed_workers = 1
        return f"{node.name}, worker {pid}"


class StandsStill(Fault):
    """A process that is no service of its own is stopped, and goes on at the end."""

    def __init__(self) -> None:
        self._pid = 0

    def stop(self, pid: int) -> None:
        """Let it stand still from now on."""
        self._pid = pid
        os.kill(pid, signal.SIGSTOP)

    def end(self) -> None:
        pid, self._pid = self._pid, 0
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class WorkerStopped(StandsStill):
    """One worker stands still for longer than ``MAX_STALENESS`` and than its leases."""

    name = "worker-stopped"
    seconds = (4.0, 9.0)
    effects = ("silent",)
    branches = (
        Branch(
            "awake, it distrusts its memory",
            logged(r"redis was silent for .{1,20}: the process's memory is dropped"),
        ),
        Branch(
            "awake, it finds a lease gone",
            LEASE_ENDED,
        ),
    )

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        held = _locks_held(cluster)
        workers = [(node.name, pid) for node in cluster.nodes for pid in sorted(node.pids())]
        rng.shuffle(workers)
        # It has leases to lose.
        node, worker = max(workers, key=lambda one: held.get(one[1], 0))
        self.stop(worker)
        return f"{node}, worker {worker}"


def _locks_held(cluster: Cluster) -> dict[int, int]:
    """How many locks each process says that it holds, by pid; without Redis nobody says."""
    with suppress(redis.RedisError, OSError), cluster.redis.client() as client:
        words = client.hgetall(LISTING)
        # A process is called "<host>-<pid>-<random>"; its word is "<ms>:[lock, ...]".
        return {
            int(name.rsplit(b"-", 2)[1]): len(json.loads(word.partition(b":")[2]))
            for name, word in words.items()
        }
    return {}


class SupervisorKilled(Fault):
    """Its workers leave with it; a service manager starts it again."""

    name = "supervisor-killed"
    branches = (
        Branch("its workers leave with it, nginx asks the other node", NGINX_NOTICED),
        Branch("the next one fills its slots", logged(r"worker \d+ started")),
    )

    def __init__(self) -> None:
        self._node: Any = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._node = rng.choice(cluster.nodes)
        os.kill(self._node.pid, signal.SIGKILL)
        return f"{self._node.name}, supervisor"

    def end(self) -> None:
        node, self._node = self._node, None
        if node is not None and not node.alive:
            node.begin()


class SupervisorStopped(StandsStill):
    """A worker dies meanwhile; nobody replaces it until the supervisor goes on."""

    name = "supervisor-stopped"
    branches = (Branch("replaces it late", logged(r"worker \d+ ended with -9" + REST)),)

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        node = rng.choice(cluster.nodes)
        self.stop(node.pid)
        worker = rng.choice(sorted(node.pids()))
        os.kill(worker, signal.SIGKILL)
        self.killed_workers = 1
        return f"{node.name}, supervisor; worker {worker} killed"


class NodeKilled(Killed):
    """Supervisor and workers at once, as when a host loses its power."""

    name = "node-killed"
    branches = (Branch("nginx asks the other node", NGINX_NOTICED),)
    alerts = ("YotoWorkerSilent",)

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return rng.choice(cluster.nodes)


class NodeStopped(Stopped):
    """Supervisor and workers at once, as when a host is suspended."""

    name = "node-stopped"
    seconds = (4.0, 8.0)
    effects = ("silent",)
    branches = (
        Branch(
            "awake, it distrusts its memory",
            logged(r"redis was silent for .{1,20}: the process's memory is dropped"),
        ),
    )

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return rng.choice(cluster.nodes)
