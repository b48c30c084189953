"""Workers and their supervisors are killed and stopped."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from proof.campaign.faults.base import Branch, Fault
from proof.campaign.faults.processes import Killed, Stopped
from proof.campaign.faults.seen import LEASE_ENDED, NGINX_NOTICED, REST, logged
from tests.support.waiting import HOST

if TYPE_CHECKING:
    from proof.cluster import Cluster

CALL_WITHIN = 5.0  # s
TAKEN_WITHIN = 0.5  # s, for a lock that nobody else wants


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


# It reads of Redis, or of itself, that nothing was heard for too long.
DISTRUSTED = logged(r"(redis was silent|this process was busy or stopped) for" + REST)


class WorkerStopped(StandsStill):
    """One worker stands still for longer than ``MAX_STALENESS`` and than its leases."""

    name = "worker-stopped"
    seconds = (4.0, 9.0)
    effects = ("silent",)
    branches = (
        Branch(
            "awake, it distrusts its memory",
            DISTRUSTED,
        ),
        Branch(
            "awake, it finds a lease gone",
            LEASE_ENDED,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._call: HTTPConnection | None = None

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        node = rng.choice(cluster.nodes)
        worker = rng.choice(sorted(node.pids()))
        call = self._call = HTTPConnection(HOST, node.port, timeout=CALL_WITHIN)
        # Another fault may be why it does not answer, or not with a worker.
        with suppress(OSError, HTTPException, ValueError, KeyError):
            worker = self._holding(call)
        self.stop(worker)
        return f"{node.name}, worker {worker}"

    def _holding(self, call: HTTPConnection) -> int:
        """A worker that holds a lock now, and goes on to hold it."""
        call.request("GET", "/campaign/staying?hold=0")
        with call.getresponse() as response:
            worker = int(json.load(response)["worker"])
        # The worker that answered on this connection answers the next request, too. It is awake
        # before that is over, so that the renewal of leases finds out, not the release.
        call.request("GET", f"/campaign/staying?hold={self.seconds[1] + 2}")
        time.sleep(TAKEN_WITHIN)
        return worker

    def end(self) -> None:
        super().end()
        call, self._call = self._call, None
        if call is not None:
            call.close()


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
            DISTRUSTED,
        ),
    )

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return rng.choice(cluster.nodes)
