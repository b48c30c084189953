"""Evidence that a fault left: lines of logs, counts of metrics, and counts of the servers.

Threads look again and again for the whole run; a fault's evidence is what came between two moments.
Counts that fall began anew, as Prometheus reads them.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis
import urllib3
from urllib3.exceptions import HTTPError

from tests.support.closing import Closing

if TYPE_CHECKING:
    from proof.cluster import Cluster
    from tests.support.service import Service

LOOK_EVERY = 1.5  # s
ANSWER_WITHIN = 2.0  # s
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
LINE_SHOWN = 160  # characters

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Mark:
    """A moment, and how far everything had come."""

    at: float
    counts: dict[Series, float]
    replies: dict[str, float]
    offsets: dict[Path, int]
    touched: dict[tuple[str, str], int]


@dataclass
class Evidence:
    """The evidence between two moments.

    Attributes:
        counts: growth of the counters of ``/metrics``.
        replies: errors that the Redis servers gave, by code.
        touched: bytes that met a fault of a link, by pair.
        notes: what the fault itself saw.
        answered, unanswered: counts of requests that were or were not answered while the fault
            lasted, by model and call.
    """

    counts: dict[Series, float] = field(default_factory=dict)
    replies: dict[str, float] = field(default_factory=dict)
    touched: dict[tuple[str, str], int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, int] = field(default_factory=dict)

    def said(self, pattern: str) -> str:
        """The first line of a log that ``pattern`` finds, cut to what it found; or nothing."""
        search = re.compile(pattern).search
        for line in self.lines:
            found = search(line)
            if found is not None:
                return found[0][:LINE_SHOWN].strip()
        return ""

    def grew(self, name: str, /, **labels: str) -> float:
        """By how much all series of a counter with these labels grew."""
        wanted = set(labels.items())
        return sum(
            grown for (of, has), grown in self.counts.items() if of == name and wanted <= has
        )


def services(cluster: Cluster) -> list[Service]:
    """Every process of the topology that there is once it is started, without the workers."""
    found: list[Service | None] = [
        *cluster.nodes,
        *cluster.redis.servers,
        cluster.database,
        cluster.opa,
        cluster.nginx,
        cluster.prometheus,
    ]
    return [one for one in found if one is not None]


class Observer(Closing):
    """Looks at a cluster all the time, from outside, on ways that no fault lies on."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._http = urllib3.PoolManager(
            headers={"Authorization": f"Bearer {cluster.metrics_token}"}, retries=False
        )
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._counts: dict[Series, float] = defaultdict(float)
        self._last: dict[Series, float] = {}
        self._replies: dict[str, float] = defaultdict(float)
        self._last_replies: dict[tuple[str, str], float] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(look,), name=look.__name__, daemon=True)
            for look in (self._look_at_metrics, self._look_at_redis)
        ]

    def mark(self) -> Mark:
        """This moment."""
        with self._lock:
            counts, replies = dict(self._counts), dict(self._replies)
        offsets = {path: path.stat().st_size for path in self._files()}
        return Mark(time.monotonic(), counts, replies, offsets, self._touched())

    def since(self, mark: Mark) -> Evidence:
        """The evidence since ``mark``."""
        with self._lock:
            counts = {
                series: count - mark.counts.get(series, 0.0)
                for series, count in self._counts.items()
                if count > mark.counts.get(series, 0.0)
            }
            replies = {
                code: times - mark.replies.get(code, 0.0)
                for code, times in self._replies.items()
                if times > mark.replies.get(code, 0.0)
            }
        touched = {
            pair: bytes_ - mark.touched.get(pair, 0)
            for pair, bytes_ in self._touched().items()
            if bytes_ > mark.touched.get(pair, 0)
        }
        return Evidence(counts, replies, touched, list(self.lines_since(mark)))

    def lines_since(self, mark: Mark) -> Iterator[str]:
        """Lines that any process wrote since ``mark``."""
        for path in self._files():
            with open(path, encoding="utf-8", errors="replace") as log:
                log.seek(mark.offsets.get(path, 0))
                yield from log

    def _files(self) -> list[Path]:
        found = [service.folder / "server.log" for service in services(self._cluster)]
        return [path for path in found if path.exists()]

    def _touched(self) -> dict[tuple[str, str], int]:
        return {pair: link.touched for pair, link in self._cluster.links.items()}

    def _run(self, look: Any) -> None:
        while not self._over.wait(LOOK_EVERY):
            look()

    def _look_at_metrics(self) -> None:
        # Every node shows the sums of all workers of the host, if it reaches Redis.
        found: dict[Series, float] = {}
        for node in self._cluster.nodes:
            with suppress(HTTPError):
                answer = self._http.request("GET", f"{node.url}/metrics", timeout=ANSWER_WITHIN)
                for series, value in counters_of(answer.data.decode()):
                    found[series] = max(value, found.get(series, 0.0))
        with self._lock:
            for series, value in found.items():
                self._counts[series] += growth(self._last.get(series, 0.0), value)
                self._last[series] = value

    def _look_at_redis(self) -> None:
        for server in self._cluster.redis.servers:
            try:
                with server.client() as client:
                    run = client.info("server")["run_id"]
                    stats = client.info("errorstats")
            except (redis.RedisError, OSError):
                continue
            with self._lock:
                for name, count in stats.items():
                    code = name.removeprefix("errorstat_")
                    times = float(count["count"] if isinstance(count, dict) else 0)
                    before = self._last_replies.get((run, code), 0.0)
                    self._replies[code] += max(0.0, times - before)
                    self._last_replies[run, code] = times

    def __enter__(self) -> Self:
        self._look_at_metrics()
        self._look_at_redis()
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """No more looks."""
        self._over.set()
        for thread in self._threads:
            thread.join(10)


def growth(before: float, now: float) -> float:
    """By how much a count grew between two looks at it."""
    if now >= before:
        return now - before
    return now if now < before / 2 else 0.0


def counters_of(text: str) -> Iterator[tuple[Series, float]]:
    """Series of a page of Prometheus that only grow."""
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match is not None and match[1].endswith(("_total", "_count", "_sum")):
            yield (match[1], frozenset(LABEL.findall(match[2] or ""))), float(match[3])
