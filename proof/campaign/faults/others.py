"""The database, OPA, nginx and Prometheus are killed and stopped."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, ClassVar

from proof.campaign.faults.base import Branch
from proof.campaign.faults.processes import Killed, OfAProcess, Stopped
from proof.campaign.faults.seen import (
    DATABASE_AWAY,
    POLICIES_AWAY,
    answered,
    both,
    logged,
    noted,
    unanswered,
)

if TYPE_CHECKING:
    from proof.cluster import Cluster


class TheOnly(OfAProcess):
    """A process that there is once, by its name in the cluster."""

    which: ClassVar[str]

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        return getattr(cluster, self.which)


class DatabaseKilled(TheOnly, Killed):
    """Connections are refused until it is back with its data."""

    name = "database-killed"
    which = "database"
    seconds = (4.0, 8.0)
    branches = (
        Branch("an outage, not an error", DATABASE_AWAY),
        Branch("the breaker of the database refuses at once", logged(r"CircuitOpen|circuit.open")),
    )
    alerts = ("YotoDatabaseBroken",)


class DatabaseStopped(TheOnly, Stopped):
    """It takes connections and says nothing."""

    name = "database-stopped"
    which = "database"
    seconds = (4.0, 8.0)
    branches = (Branch("time-outs are an outage", DATABASE_AWAY),)


class OpaKilled(TheOnly, Killed):
    """It comes back without policies, and gets them again."""

    name = "opa-killed"
    which = "opa"
    branches = (Branch("no verdict, so denied", POLICIES_AWAY),)


class OpaStopped(TheOnly, Stopped):
    """It takes connections and says nothing."""

    name = "opa-stopped"
    which = "opa"
    branches = (Branch("no verdict in time, so denied", POLICIES_AWAY),)


class OfNginx(TheOnly):
    """The nodes do not need it: they answer direct requests meanwhile."""

    which = "nginx"
    branches = (
        Branch(
            "its clients are not answered, and nodes answer without it",
            both(unanswered("row read", "row write"), noted("direct")),
        ),
    )

    def look(self) -> dict[str, str]:
        return self.nodes_answer()


class OfPrometheus(TheOnly):
    """Nobody needs it."""

    which = "prometheus"
    needs = ("prometheus",)
    branches = (Branch("clients are answered without it", answered("row read")),)


class NginxKilled(OfNginx, Killed):
    """Everybody is refused."""

    name = "nginx-killed"


class NginxStopped(OfNginx, Stopped):
    """Everybody waits."""

    name = "nginx-stopped"
    effects = ("silent",)


class PrometheusKilled(OfPrometheus, Killed):
    """Nobody looks for a while."""

    name = "prometheus-killed"


class PrometheusStopped(OfPrometheus, Stopped):
    """Scrapes that it began are not read."""

    name = "prometheus-stopped"
