"""Resources that the processes use: threads, descriptors, memory, connections."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from proof.campaign.clients.base import World, insist
from proof.campaign.clients.guards import execute
from proof.campaign.clients.http import Http
from proof.campaign.history import Operation
from proof.campaign.models import deadline, slowness

if TYPE_CHECKING:
    from proof.cluster import Cluster

MB = 2**20


class MachineLoad(threading.Thread):
    """Notes how much more wants to run than the machine has cores for."""

    def __init__(self, world: World) -> None:
        super().__init__(name="load", daemon=True)
        self.world = world

    def run(self) -> None:
        while not self.world.over.wait(slowness.EVERY):
            now = time.monotonic()
            self.world.history.write(
                Operation(
                    client=self.name,
                    model=deadline.NAME,
                    key="machine",
                    call=slowness.LOAD,
                    invoked=now,
                    returned=now,
                    outcome="ok",
                    value=os.getloadavg()[0] / (os.cpu_count() or 1),
                )
            )


CONNECTED = {
    "mariadb": "SHOW STATUS LIKE 'Threads_connected'",
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'",
}


def measure(cluster: Cluster, http: Http) -> dict[str, float]:
    """Numbers by name; the first word of a name says which slack it has."""
    found: dict[str, float] = dict(insist(http, "GET", "/campaign/levels"))
    for node in cluster.nodes:
        workers = [psutil.Process(pid) for pid in node.pids()]
        found[f"threads {node.name}"] = sum(one.num_threads() for one in workers)
        found[f"descriptors {node.name}"] = sum(one.num_fds() for one in workers)
        found[f"memory {node.name} (MB)"] = sum(one.memory_info().rss for one in workers) / MB
    for server in cluster.redis.servers:
        with suppress(OSError), server.client() as client:
            found[f"connections {server.name}"] = client.info("clients")["connected_clients"]
    (connected,) = execute(cluster, CONNECTED[cluster.kind])
    found["connections database"] = float(str(connected[-1]))
    return found
