"""The shipped rules of Prometheus fire for the faults that they are there for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    from tests.support.cluster import Cluster

LOOK_EVERY = 5.0  # s
FIRED = 'count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[2h]))'


def fired(cluster: Cluster) -> set[str]:
    """Names of all alerts that have fired until now."""
    answer = urllib3.request(
        "GET", f"{cluster.prometheus.url}/api/v1/query", fields={"query": FIRED}, timeout=10.0
    )
    found = json.loads(answer.data)["data"]["result"]
    return {one["metric"]["alertname"] for one in found}


def missing(cluster: Cluster, expected: Iterable[str], limit: float) -> set[str]:
    """Alerts that have not fired after ``limit`` seconds: rules wait for minutes."""
    deadline = time.monotonic() + limit
    while (found := set(expected) - fired(cluster)) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return found
