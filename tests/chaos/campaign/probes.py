"""Whether everything works: a fixed set of requests, asked until all of them succeed again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from tests.support.cluster import Cluster

ANSWER_WITHIN = 5.0  # s
PAUSE = 0.1  # s between two tries
# With fresh connections, so that the kernel deals them to each worker of a node with all but
# certainty; a node is ready when all of them say so.
ASKED_OF_A_NODE = 6
QUESTION = {"permission": "platform.operate"}


@dataclass
class Recovery:
    """How long it took, in seconds, from a fault's end.

    Attributes:
        probes: until each probe succeeded; None: not within the limit.
        ready: until all workers were there and ready, without anything degraded.
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

    def failing(self) -> list[str]:
        """Those that do not succeed now, by name."""
        asked = {
            "livez": lambda: self._status("GET", "/livez") == 200,
            "sign-in": lambda: bool(self._token) or self._sign_in(),
            "me": lambda: self._status("GET", "/api/v1/auth/me") == 200,
            "check": lambda: self._status("POST", "/api/v1/permissions/check", QUESTION) == 200,
            "write": lambda: self._status("POST", "/api/v1/servers", {"name": "Probe"})
            in (201, 429),
        }
        return [name for name, succeeds in asked.items() if not succeeds()]

    def unready(self) -> list[str]:
        """Nodes of which a worker is missing, or says that it is not, or only half, ready."""
        found = []
        for node in self._cluster.nodes:
            if len(node.pids()) < self._workers:
                found.append(f"{node.name}: {len(node.pids())} of {self._workers} workers")
                continue
            for _ in range(ASKED_OF_A_NODE):
                try:
                    answer = self._plain.request(
                        "GET",
                        f"{node.url}/readyz?strict",
                        headers={"Connection": "close"},
                        timeout=ANSWER_WITHIN,
                    )
                except HTTPError as error:
                    found.append(f"{node.name}: {type(error).__name__}")
                    break
                if answer.status != 200:
                    found.append(f"{node.name}: {answer.data.decode(errors='replace')[:200]}")
                    break
        return found

    def recovery(self, since: float, limit: float) -> Recovery:
        """Ask until all is well again; ``since``: the fault's end, ``limit``: seconds from it."""
        found = Recovery()
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
            return answer.status, json.loads(answer.data) if answer.status == 200 else None
        except (HTTPError, ValueError):
            return 0, None
