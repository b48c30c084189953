"""A process is killed, or stopped for a while. The files beside this one have the kinds."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import HTTPError

from proof.campaign.faults.base import Fault

if TYPE_CHECKING:
    from proof.cluster import Cluster

LOOK_WITHIN = 2.0  # s


class OfAProcess(Fault):
    """Breaks the process that ``find`` chooses."""

    def __init__(self) -> None:
        self.process: Any = None
        self.cluster: Cluster

    def find(self, cluster: Cluster, rng: random.Random) -> Any:
        """The process: it has ``name``, ``alive``, ``kill``, ``pause``, ``resume``, ``start``."""
        raise NotImplementedError

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self.cluster = cluster
        self.process = self.find(cluster, rng)
        self.break_it()
        return str(self.process.name)

    def break_it(self) -> None:
        """SIGKILL or SIGSTOP."""
        raise NotImplementedError

    def nodes_answer(self) -> dict[str, str]:
        """For ``look``: whether the nodes answer by themselves meanwhile."""
        with suppress(HTTPError):
            for node in self.cluster.nodes:
                status = urllib3.request(
                    "GET", f"{node.url}/livez", timeout=LOOK_WITHIN, retries=False
                ).status
                if status != 200:
                    return {}
            return {"direct": "every node answered /livez directly"}
        return {}


class Killed(OfAProcess):
    """SIGKILL; at the end it is started at the same address, as a service manager would."""

    def break_it(self) -> None:
        self.process.kill()

    def end(self) -> None:
        process, self.process = self.process, None
        if process is not None and not process.alive:
            process.begin()  # when it is ready, the probes find out


class Stopped(OfAProcess):
    """SIGSTOP, and SIGCONT at the end: connections stay, and nothing answers."""

    def break_it(self) -> None:
        self.process.pause()

    def end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.resume()


def any_primary(
    cluster: Cluster, rng: random.Random, fit: Callable[[Any], bool] = lambda server: True
) -> Any:
    """One of the servers that have slots now, of those that are ``fit`` if any is."""
    primaries = sorted(cluster.redis.primaries(), key=lambda one: str(one.name))
    return rng.choice([one for one in primaries if fit(one)] or primaries)
