"""Whether everything works: a fixed set of requests, asked until all of them succeed again."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import redis
import urllib3
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from proof.cluster import Cluster

ANSWER_WITHIN = 5.0  # s
PAUSE = 0.1  # s between two tries
# Over connections of their own, which the kernel deals to all workers of a node. It is ready when
# so many in a row say so. A worker that had no processor for as long as readiness waits for a store
# (``yoto.health``) says nothing about the store: that answer does not count, for or against.
ASKED_OF_A_NODE = 6
NO_PROCESSOR = 2.0  # s
QUESTION = {"permission": "platform.operate"}


@dataclass
class Recovery:
    """How long it took, in seconds, from a fault's end.

    Attributes:
        probes: until each probe succeeded; None: not within the limit.
        ready: until all workers were there and ready, without anything degraded, and each Redis
            server in sync.
        waits_for: what did not come in time.
    """

    probes: float | None = None
    ready: float | None = None
    waits_for: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Until both."""
        return None if self.probes is None or self.ready is None else max(self.probes, self.ready)


class Probes:
    """Signs in once, and asks by the way of all clients: through nginx, by TLS."""

    def __init__(self, cluster: Cluster, workers: int) -> None:
        self._cluster = cluster
        self._workers = workers
        self._http = urllib3.PoolManager(ca_certs=str(cluster.ca), retries=False)
        self._plain = urllib3.PoolManager(retries=False)
        self._token = ""
        self._server: int | None = None
        self._said: dict[str, deque[str]] = {}

    def failing(self) -> list[str]:
        """Those that do not succeed now, by name."""
        asked = {
            "livez": lambda: self._status("GET", "/livez") == 200,
            "sign-in": lambda: bool(self._token) or self._sign_in(),
            "me": lambda: self._status("GET", "/api/v1/auth/me") == 200,
            "check": lambda: self._status("POST", "/api/v1/permissions/check", QUESTION) == 200,
            "write": self._writes,
        }
        return [name for name, succeeds in asked.items() if not succeeds()]

    def unready(self) -> list[str]:
        """Nodes of which a worker is missing, or says that it is not, or only half, ready; Redis
        servers that are not in sync.
        """
        found = []
        for node in self._cluster.nodes:
            if len(node.pids()) < self._workers:
                found.append(f"{node.name}: {len(node.pids())} of {self._workers} workers")
                continue
            said = self._said.setdefault(node.name, deque(maxlen=ASKED_OF_A_NODE))
            asked = "asked for too little time"
            for _ in range(ASKED_OF_A_NODE // 2):
                began = time.monotonic()
                asked = self._readiness(node.url)
                if not asked or time.monotonic() - began < NO_PROCESSOR:
                    said.append(asked)
            troubles = [one for one in said if one]
            if len(said) < ASKED_OF_A_NODE or troubles:
                found.append(f"{node.name}: {troubles[-1] if troubles else asked}")
        return found + self._redis()

    def _redis(self) -> list[str]:
        """Check what the next fault needs: each primary has a replica that knows what it knows."""
        try:
            self._cluster.redis.wait_until_ready(0.0)
        except (redis.RedisError, OSError, TimeoutError):
            return ["redis: not every primary has a replica in sync"]
        return []

    def _readiness(self, url: str) -> str:
        """The complaint of a worker; empty: it is ready, and nothing is degraded."""
        try:
            answer = self._plain.request(
                "GET",
                f"{url}/readyz?strict",
                headers={"Connection": "close"},
                timeout=ANSWER_WITHIN,
            )
        except HTTPError as error:
            return type(error).__name__
        return "" if answer.status == 200 else answer.data.decode(errors="replace")[:200].strip()

    def recovery(self, since: float, limit: float) -> Recovery:
        """Ask until all is well again; ``since``: the fault's end, ``limit``: seconds from it."""
        found = Recovery()
        self._said.clear()
        while True:
            failing = [] if found.probes is not None else self.failing()
            if not failing and found.probes is None:
                found.probes = time.monotonic() - since
            unready = [] if found.ready is not None else self.unready()
            if not unready and found.ready is None:
                found.ready = time.monotonic() - since
            if found.seconds is not None:
                return found
            if time.monotonic() - since > limit:
                found.waits_for = failing + unready
                return found
            time.sleep(PAUSE)

    def _sign_in(self) -> bool:
        body = {"username": "admin", "password": self._cluster.passwords["admin"]}
        status, answer = self._ask("POST", "/api/v1/auth/login", body)
        if status == 200:
            self._token = answer["access_token"]
        return status == 200

    def _writes(self) -> bool:
        """Whether the one server of the probes, which is made once, gets a new description: a
        person may have so many servers, and does not get rid of one whose answer was lost.
        """
        if self._server is None:
            status, answer = self._ask("POST", "/api/v1/servers", {"name": "Probe"})
            self._server = answer["id"] if status == 201 else None
        if self._server is None:
            return False
        said = {"description": f"at {time.monotonic():.1f}"}
        return self._status("PATCH", f"/api/v1/servers/{self._server}", said) == 200

    def _status(self, method: str, path: str, body: Any = None) -> int:
        status, _ = self._ask(method, path, body)
        if status == 401:  # its time was up
            self._token = ""
        return status

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = self._http.request(
                method,
                f"{self._cluster.url}{path}",
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=ANSWER_WITHIN,
            )
            return answer.status, json.loads(answer.data) if answer.status in (200, 201) else None
        except (HTTPError, ValueError):
            return 0, None
