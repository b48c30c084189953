"""The shipped rules of Prometheus fire for the faults that they are there for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    from proof.campaign.runner import Occurrence
    from proof.cluster import Cluster

LOOK_EVERY = 5.0  # s
KEPT_IN_REDIS = frozenset({"YotoWorkerSilent"})
# s from a fault until a rule that waits for a minute has fired: silence is noticed, and scraped.
SEEN_WITHIN = 120.0
FIRED = 'count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[2h]))'


def fired(cluster: Cluster) -> set[str]:
    """Names of all alerts that have fired until now."""
    answer = urllib3.request(
        "GET", f"{cluster.prometheus.url}/api/v1/query", fields={"query": FIRED}, timeout=10.0
    )
    found = json.loads(answer.data)["data"]["result"]
    return {one["metric"]["alertname"] for one in found}


def expected(occurrences: Iterable[Occurrence]) -> set[str]:
    """Alerts that some fault must have led to. Redis holds which workers fell silent: where it
    forgets that before the rule has seen it for long enough, nobody can know.
    """
    came = [one for one in occurrences if not one.error]
    erased = [one.began for one in came if one.fault.erases]
    return {
        alert
        for one in came
        for alert in one.fault.alerts
        if alert not in KEPT_IN_REDIS
        or not any(one.began <= at <= one.began + SEEN_WITHIN for at in erased)
    }


def missing(cluster: Cluster, expected: Iterable[str], limit: float) -> set[str]:
    """Alerts that have not fired after ``limit`` seconds: rules wait for minutes."""
    deadline = time.monotonic() + limit
    while (found := set(expected) - fired(cluster)) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return found
