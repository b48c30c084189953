"""Series that should stay at their level, sampled again and again."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil
import redis
import urllib3

from proof.campaign.clients.base import Watched
from proof.campaign.clients.guards import execute
from proof.cluster import Cluster
from proof.soak.drift import Bound, Verdict, judge
from proof.soak.traffic import Readers

MB = 1e6
# In the schema of either kind of database.
TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_type = 'BASE TABLE' AND table_schema IN ('yoto', 'public')"
)
ROWS_EVERY = 3  # samples between two counts of rows
LAG = re.compile(r"^yoto_invalidation_log_(applied|newest)\{[^}]*\} (\S+)$", re.MULTILINE)
# A series with less than this share of all samples is of a process that came or went.
WHOLE = 0.9

# The growth that a series may have in an hour, in its unit of ``UNITS``, by the first word of its
# name. A worker that keeps to it stays below the limit of deploy/kubernetes for days.
BOUNDS = {
    "memory": Bound(8),
    "files": Bound(4, 0.05),
    "threads": Bound(2),
    "lag": Bound(5),
    "p50": Bound(2, 0.1),
    "p99": Bound(10, 0.2),
    "keys": Bound(100, 0.1),
    "used": Bound(8, 0.1),
    "rows": Bound(20, 0.05),
    "kept": Bound(10, 0.2),
}
UNITS = {
    "memory": "MB",
    "files": "files",
    "threads": "threads",
    "lag": "entries",
    "p50": "ms",
    "p99": "ms",
    "keys": "keys",
    "used": "MB",
    "rows": "rows",
    "kept": "rows a minute",
}
# Memory that fills, and then stays: the buffer pool of MariaDB, and its log, which is mapped where
# the folder is in memory; and Redis, with 10 MB of backlog for a replica that was away.
FILLS = {
    "memory database": Bound(128),
    **{f"memory redis{number}": Bound(16) for number in range(1, 7)},
}
# Tables that grow by what they promise to keep, and for how long.
KEPT = {
    "yoto_audit_records": "for ever",
    "yoto_resilience_config_changes": "for ever: the history of settings",
    "yoto_decision_records": "DECISION_RECORD_DAYS, DECISION_RECORD_ROWS",
    "yoto_decision_counts": "hours for 9 days, days for 33",
    "yoto_permission_outbox": "an hour once it is published",
    "yoto_revoked_tokens": "until the token expires: REFRESH_TOKEN_SECONDS",
    "yoto_idempotency_keys": "a day",
    "yoto_people": "for ever: accounts",
    "users": "for ever: accounts",
    "yoto_subjects": "for ever: accounts",
    "yoto_alert_history": "ALERT_KEEP_DAYS",
    "yoto_alerts": "ALERT_KEEP_DAYS",
    "yoto_alert_deliveries": "ALERT_WEBHOOK_HOURS",
}


class Sampler(Watched):
    """Samples every series at an interval, from ``start`` to ``stop``.

    Attributes:
        series: moments (s) and values of each, by name; the first word says what it counts.
        missed: looks that found somebody away.
    """

    def __init__(self, cluster: Cluster, readers: Readers, interval: float) -> None:
        super().__init__("sampler")
        self.series: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
        self.looks = self.missed = 0
        self._over = threading.Event()
        self._cluster, self._readers, self._interval = cluster, readers, interval
        found = execute(cluster, TABLES)
        self._tables = [str(table) for (table,) in found]
        self._redis = [server.client() for server in cluster.redis.servers]
        self._http = urllib3.PoolManager(
            headers={"Authorization": f"Bearer {cluster.metrics_token}"}
        )

    def work(self) -> None:
        self._readers.took()
        while not self._over.wait(self._interval):
            at = time.monotonic()
            for name, value in self._look():
                times, values = self.series[name]
                times.append(at)
                values.append(value)
            self.looks += 1

    def stop(self) -> None:
        """No more samples."""
        self._over.set()
        self.join(60)

    def _look(self) -> Iterator[tuple[str, float]]:
        took = self._readers.took()
        if took:
            yield "p50", 1000 * took[len(took) // 2]
            yield "p99", 1000 * took[min(len(took) - 1, len(took) * 99 // 100)]
        yield from self._processes()
        # A worker that is being replaced may be away.
        try:
            yield from self._log()
            yield from self._stores()
        except (redis.RedisError, urllib3.exceptions.HTTPError):
            self.missed += 1
        if self.looks % ROWS_EVERY == 0:
            yield from self._rows()

    def _processes(self) -> Iterator[tuple[str, float]]:
        cluster = self._cluster
        named = {"nginx": cluster.nginx.pid, "opa": cluster.opa.pid}
        named["database"] = cluster.database.pid
        for server in cluster.redis.servers:
            named[server.name] = server.pid
        for node in cluster.nodes:
            named[f"{node.name} supervisor"] = node.pid
            named |= {f"{node.name} worker {pid}": pid for pid in node.pids()}
        for name, pid in named.items():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                family = [process, *process.children()] if name == "nginx" else [process]
                yield f"memory {name}", sum(one.memory_info().rss for one in family) / MB
                yield f"files {name}", sum(one.num_fds() for one in family)
                yield f"threads {name}", sum(one.num_threads() for one in family)

    def _log(self) -> Iterator[tuple[str, float]]:
        """How many entries of the invalidation log the slowest worker of each node is behind."""
        for node in self._cluster.nodes:
            text = self._http.request("GET", f"{node.url}/metrics", timeout=10).data.decode()
            found: dict[str, list[float]] = {"applied": [], "newest": []}
            for kind, value in LAG.findall(text):
                found[kind].append(float(value))
            if found["applied"]:
                yield f"lag {node.name}", max(0, max(found["newest"]) - min(found["applied"]))

    def _stores(self) -> Iterator[tuple[str, float]]:
        kept = used = 0.0
        for client in self._redis:
            if client.info("replication")["role"] != "master":
                continue
            memory = client.info("memory")
            # The backlog for a replica that was away fills up to a fixed length.
            used += (memory["used_memory"] - memory["mem_replication_backlog"]) / MB
            for database in client.info("keyspace").values():
                # Those with an end go by themselves.
                kept += database["keys"] - database["expires"]
        yield "keys without an end", kept
        yield "used by Redis", used

    def _rows(self) -> Iterator[tuple[str, float]]:
        counts = " UNION ALL ".join(f"SELECT '{one}', COUNT(*) FROM {one}" for one in self._tables)
        for table, count in execute(self._cluster, counts):
            yield f"{'kept' if table in KEPT else 'rows'} {table}", float(str(count))


def verdicts(sampler: Sampler, steady_from: float) -> list[Verdict]:
    """The verdict on each series that lasted, from a moment (s) on."""
    found = []
    # A series with a value at all of them was there all the time.
    looks = sum(at >= steady_from for at in sampler.series["p50"][0])
    for name, (times, values) in sampler.series.items():
        kind = name.split()[0]
        first = next((n for n, at in enumerate(times) if at >= steady_from), len(times))
        times, values = times[first:], values[first:]
        counted = kind in ("rows", "kept")
        whole = looks / ROWS_EVERY - 1 if counted else looks
        if len(times) < max(2, WHOLE * whole):
            continue
        if kind == "kept":
            # All that is asked comes at a steady rate, and so must what is kept of it.
            times, values = _rates(times, values)
            name = f"{name} ({KEPT[name.split()[1]]})"
        bound = FILLS.get(name, BOUNDS[kind])
        found.append(judge(name, UNITS.get(kind, ""), times, values, bound))
    return found


def _rates(times: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Growth a minute between each two samples."""
    pairs = range(1, len(times))
    return (
        list(times[1:]),
        [60 * (values[n] - values[n - 1]) / (times[n] - times[n - 1]) for n in pairs],
    )
