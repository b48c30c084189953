"""Every part of the platform, and its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from yoto.cache import CacheStats
from yoto.fleet import LOST_FOR_MS, Worker, WorkerState
from yoto.health import CheckResult
from yoto.monitor.health import Band, HealthReport
from yoto.redis import RedisInfo

OK, DEGRADED, FAILED, UNKNOWN = "ok", "degraded", "failed", "unknown"
STATES = (OK, DEGRADED, FAILED, UNKNOWN)
# The worst first: an unknown state may hide a failure, so it is worse than a degraded one.
_WORST_FIRST = (FAILED, UNKNOWN, DEGRADED)
# The unit of each health metric.
UNITS = {"cache": "ratio", "response": "ms", "errors": "ratio", "memory": "ratio"}
_BANDS = {
    Band.EXCELLENT: OK,
    Band.GOOD: OK,
    Band.WARNING: DEGRADED,
    Band.UNKNOWN: UNKNOWN,
    Band.ERROR: FAILED,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the status.

    Attributes:
        name: the part, such as ``redis`` or ``redis:10.0.0.3:6379``.
        group: one of ``store``, ``policy``, ``fleet``, ``health``.
        state: one of ``STATES``.
        detail: a sentence about it.
        value, unit: the number that describes its state, if there is one.
        limit: the number beyond which its state gets worse.
        at: time of the measurement, ms since 1970.
        matters: whether the state of the whole takes it into account.
    """

    name: str
    group: str
    state: str
    detail: str
    at: int
    value: float | None = None
    unit: str | None = None
    limit: float | None = None
    matters: bool = True

    def to_plain(self, now: int) -> dict[str, Any]:
        """As JSON data, with ``age_ms`` at ``now``."""
        found = asdict(self)
        del found["matters"]
        return {**found, "age_ms": max(0, now - self.at)}


def overall(parts: Iterable[Part]) -> str:
    """The worst state of those that matter."""
    states = {part.state for part in parts if part.matters}
    return next((state for state in _WORST_FIRST if state in states), OK)


def checked(results: Sequence[CheckResult]) -> Iterator[Part]:
    """The checks that ``/readyz`` makes too: stores and migrations."""
    for result in results:
        at = round(result.at.timestamp() * 1000)
        took = result.duration_ms
        yield Part(result.name, "store", str(result.state), result.detail, at, took, "ms")


def with_servers(part: Part, info: RedisInfo) -> Part:
    """Redis as a whole, which is degraded while one of its servers is unavailable."""
    unavailable = sum(not node.available for node in info.nodes)
    if part.name != "redis" or part.state != OK or not unavailable:
        return part
    detail = f"{unavailable} of {len(info.nodes)} servers do not answer"
    return replace(part, state=DEGRADED, detail=detail)


def redis_nodes(info: RedisInfo, at: int) -> Iterator[Part]:
    """Every server of Redis."""
    for node in info.nodes:
        what = f"{node.role or 'unknown role'}, {node.software} {node.version}"
        detail = what if node.available else node.error or "no answer"
        state = OK if node.available else FAILED
        if node.available and node.writes is False:
            state, detail = DEGRADED, f"{what}, refuses writes: {node.refuses or node.error}"
        # An unavailable replica makes nothing fail; ``with_servers`` reports it.
        yield Part(
            f"redis:{node.address}",
            "store",
            state,
            detail,
            at,
            node.latency_ms,
            "ms",
            matters=False,
        )


def log_part(stats: CacheStats, limit: float, at: int) -> Part:
    """The invalidation log, as this worker follows it from its first use on."""
    if stats.silent_for is None:
        asked = any(stats.counts.values())
        detail = "was never heard" if asked else "nobody asked this worker anything yet"
        return Part("invalidation_log", "store", UNKNOWN, detail, at, matters=asked, limit=limit)
    state = OK if stats.fresh else DEGRADED
    silence = "is silent: checks go past memory until it is heard again"
    detail = "is followed" if stats.fresh else silence
    silent = round(stats.silent_for, 3)
    return Part("invalidation_log", "store", state, detail, at, silent, "s", limit)


def health_parts(report: HealthReport, recorded: bool, at: int) -> Iterator[Part]:
    """The metrics of all workers in the last minute.

    ``recorded``: whether any worker recorded in it. Only then does a missing metric mean "not
    used".
    """
    for one in report.components.values():
        detail = f"{one.band} in the last minute"
        if one.band is Band.UNKNOWN and recorded:
            detail = "not used in the last minute, or too little to say"
        elif one.band is Band.UNKNOWN:
            detail = "no worker is known to have measured in the last minute"
        yield Part(
            f"health:{one.name}",
            "health",
            _BANDS[one.band],
            detail,
            at,
            one.value,
            UNITS[one.name],
            one.limit,
            matters=one.matters and (one.band is not Band.UNKNOWN or not recorded),
        )


def fleet_parts(
    workers: Sequence[Worker] | None, sockets: int | None, limit: int, at: int
) -> list[Part]:
    """The workers, and the sockets that are open in them.

    Args:
        workers: None: unknown, Redis is unavailable.
        sockets: open in this worker; None: the application has no Socket.IO.
        limit: how many a worker takes.
    """
    if workers is None:
        detail = "Redis does not list the workers now"
        unknown = [Part("instances", "fleet", UNKNOWN, detail, at, unit="count")]
        if sockets is not None:
            unknown.append(Part("sockets", "fleet", UNKNOWN, HERE, at, sockets, "count", limit))
        return unknown
    states = Counter(worker.state for worker in workers)
    living = [one for one in workers if one.state in (WorkerState.LIVE, WorkerState.DRAINING)]
    by_state = [f"{states[state]} {state}" for state in WorkerState if states[state]]
    # A worker that fell silent died, or hangs.
    silent = (one for one in workers if one.state is WorkerState.SILENT)
    lost = [one for one in silent if one.heard_ms < LOST_FOR_MS]
    state = DEGRADED if lost or not states[WorkerState.LIVE] else OK
    detail = ", ".join(by_state) or "none"
    instances = Part("instances", "fleet", state, detail, at, len(living), "count")
    return [instances] + ([] if sockets is None else [_sockets(living, sockets, limit, at)])


def _sockets(living: Sequence[Worker], here: int, limit: int, at: int) -> Part:
    """All open sockets, by the heartbeats of live workers."""
    reported = [worker.facts.get("sockets") for worker in living]
    open_in = [found for found in reported if isinstance(found, int)]
    if not open_in or len(open_in) < len(reported):
        return Part("sockets", "fleet", UNKNOWN, HERE, at, here, "count", limit)
    full = sum(found >= limit for found in open_in)
    detail = f"open in all workers, of which {len(open_in)} live"
    if full:
        detail = f"{full} of {len(open_in)} workers take no more"
    state = DEGRADED if full else OK
    return Part("sockets", "fleet", state, detail, at, sum(open_in), "count", limit * len(open_in))


HERE = "open in the worker that answers; the others are not reporting"
