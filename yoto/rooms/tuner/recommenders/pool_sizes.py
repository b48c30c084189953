"""Connection pools that callers wait for, and pools that are larger than needed."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import PoolSnapshot, TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest
from ..trial import pool_waits

# The setting of each pool. The pool of requests can grow beyond it while all are in use.
SETTINGS = {"permissions": "permission_pool_size", "requests": "database_pool_size"}
# Pools whose setting is their whole size.
EXACT = ("permissions",)
# Callers who waited, fewer of whom are chance; and their share of all, below which it is harmless.
LEAST_WAITS, SHARE = 20, 0.01
HALF = 50.0
FACTOR = 2
# Connections. By default MariaDB allows 151 to all processes together, PostgreSQL 100.
LARGEST = 32
# A pool is too large if for ``LONG`` seconds, and in at least ``LEAST_TAKEN`` uses, no more than
# the share ``IDLE`` of it was in use. It is never made smaller than ``SMALLEST``.
LONG, IDLE, LEAST_TAKEN, SMALLEST = 600.0, 0.25, 200, 4
HALF_TAKEN = 1_000.0


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """More connections if callers wait, fewer if most are idle for long."""
    for pool, setting in SETTINGS.items():
        found, now = snapshot.pools.get(pool), snapshot.values.get(setting)
        if found is not None and now is not None and _as_now(pool, found, now):
            one = _larger(setting, found, now) or _smaller(pool, found, now, snapshot.seconds)
            if one is not None:
                yield one


def _as_now(name: str, pool: PoolSnapshot, now: float) -> bool:
    """Whether the observations are about the pool's present size."""
    return pool.same and (name not in EXACT or pool.size == now)


def _larger(setting: str, pool: PoolSnapshot, now: float) -> Suggestion | None:
    waits = pool.waited + pool.timed_out
    callers = pool.taken + pool.timed_out
    if now >= LARGEST or waits < max(LEAST_WAITS, callers * SHARE):
        return None
    return suggest(
        setting,
        now,
        min(now * FACTOR, LARGEST),
        f"{waits:.0f} of {callers:.0f} callers waited for a connection, "
        f"{pool.timed_out:.0f} of them in vain",
        "callers find a free connection; the database must allow so many to each worker",
        confidence(waits, HALF),
        "request_p95",
        "pool_waits",
        waited=waits,
        callers=callers,
        vain=pool.timed_out,
    )


def _smaller(name: str, pool: PoolSnapshot, now: float, seconds: float) -> Suggestion | None:
    if seconds < LONG or now <= SMALLEST or pool.taken < LEAST_TAKEN:
        return None
    if pool.waited or pool.timed_out or pool.busiest > pool.size * IDLE:
        return None
    return suggest(
        SETTINGS[name],
        now,
        max(now // FACTOR, SMALLEST),
        f"in {seconds:.0f} s at most {pool.busiest:.0f} of {pool.size:.0f} connections "
        "were in use at once",
        "connections of the database for others",
        confidence(pool.taken, HALF_TAKEN),
        pool_waits(name),
        "pool_idle",
        time_s=seconds,
        busiest=pool.busiest,
        size=pool.size,
    )
