"""Each guard as it is now, in the words of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeAlias

from yoto.control_plane.guards.history import History
from yoto.errors import StoreUnavailable
from yoto.permission import masked_address
from yoto.resilience import (
    REDIS_BREAKER,
    BreakerState,
    BulkheadConfig,
    BulkheadStats,
    BulkheadStrategy,
    Entry,
    Kind,
    Origin,
    RateLimitConfig,
    ResilienceController,
    State,
    TrailReading,
    top_keys,
)

GUARDED = (Kind.CIRCUIT_BREAKER, Kind.RATE_LIMIT, Kind.BULKHEAD)
# Callers of each limit, on the wall and alone; reports of workers that are read for the wall.
TOP_ON_WALL, TOP_ALONE = 3, 20
REPORTS_ON_WALL = 60
# Characters of a key that the code gave.
TEXT_SHOWN = 64
# What Redis knows of a guard, in the words of its kind; of a limit None while it is away.
Seen: TypeAlias = BreakerState | BulkheadStats | TrailReading | None


def wall(
    controller: ResilienceController, kinds: Sequence[Kind], part: str | None
) -> Iterator[dict[str, Any]]:
    """Guards of these kinds with ``part`` in their names, by kind and name."""
    history = History()
    chosen = [
        (kind, name)
        for kind in kinds
        for name in controller.known_names(kind)
        if part is None or part.lower() in name.lower()
    ]
    limits = [one for one in chosen if one[0] is Kind.RATE_LIMIT]
    seen: dict[tuple[Kind, str], Seen] = {}
    with suppress(StoreUnavailable):
        trails = controller.trails.latest(limits, REPORTS_ON_WALL)
        seen.update(zip(limits, trails, strict=True))
    names = [name for kind, name in chosen if kind is Kind.CIRCUIT_BREAKER]
    seen |= {(Kind.CIRCUIT_BREAKER, one.name): one for one in controller.breaker_states(names)}
    names = [name for kind, name in chosen if kind is Kind.BULKHEAD]
    seen |= {(Kind.BULKHEAD, one.name): one for one in controller.bulkhead_stats(names)}
    for one in chosen:
        yield picture(controller, *one, history, seen.get(one), TOP_ON_WALL)


def alone(controller: ResilienceController, kind: Kind, name: str) -> dict[str, Any]:
    """One guard, a limit with more of its callers."""
    seen: Seen
    match kind:
        case Kind.CIRCUIT_BREAKER:
            seen = controller.get_circuit_breaker_state(name)
        case Kind.RATE_LIMIT:
            seen = controller.trails.read(kind, name)
        case _:
            seen = controller.get_bulkhead_stats(name)
    return picture(controller, kind, name, History(), seen, TOP_ALONE)


def picture(
    controller: ResilienceController,
    kind: Kind,
    name: str,
    history: History,
    seen: Seen,
    most: int,
) -> dict[str, Any]:
    """One guard; ``seen`` is what Redis knows of it."""
    entry = controller.get_config(kind, name)
    whole: dict[str, Any] = {
        "kind": kind.value,
        "name": name,
        "version": entry.version,
        "defined": controller.is_defined(name),
        "overridden": [f for f, origin in entry.origins.items() if origin == Origin.OPERATOR],
        "rates": history.rates(kind.value, name),
        "spark": history.spark(kind.value, name),
        **dict.fromkeys(("breaker", "limiter", "bulkhead")),
    }
    match kind:
        case Kind.CIRCUIT_BREAKER:
            assert isinstance(seen, BreakerState)
            whole |= _breaker(controller, seen)
        case Kind.RATE_LIMIT:
            assert seen is None or isinstance(seen, TrailReading)
            whole |= _limiter(controller, entry, whole["rates"], seen, most)
        case _:
            assert isinstance(seen, BulkheadStats)
            whole |= _bulkhead(controller, entry, seen)
    if not controller.enabled:
        whole["state"] = State.DISABLED.value
    return whole


def _breaker(controller: ResilienceController, state: BreakerState) -> dict[str, Any]:
    name = state.name
    layers = () if name == REDIS_BREAKER else _forced_layers(controller, name)
    ends = state.until or None
    return {
        "state": state.state.value,
        "scope": "worker" if state.degraded or state.opened_alone else "fleet",
        "store_errors": state.store_errors,
        "answered_locally": state.answered_locally,
        "breaker": {
            "reason": state.reason,
            "ends_in": ends,
            "next_probe_in": ends if state.state is State.OPEN else None,
            "calls": state.calls,
            "failures": state.failures,
            "slow_calls": state.slow_calls,
            "failure_rate": state.failure_rate,
            "slow_call_rate": state.slow_call_rate,
            "consecutive_failures": state.consecutive_failures,
            "opens": state.opens,
            "probes": state.probes,
            "probes_succeeded": state.probes_succeeded,
            "success_threshold": state.success_threshold,
            "opened_alone": state.opened_alone,
            "operable": name != REDIS_BREAKER,
            "forced": next(
                (
                    {
                        "state": str((layer.values or {}).get("state", "none")),
                        "author": layer.author,
                        "reason": layer.reason,
                        "since": moment(layer.at),
                        "until": moment(layer.expires_at) if layer.expires_at else None,
                    }
                    for layer in reversed(layers)
                ),
                None,
            ),
        },
    }


def _forced_layers(controller: ResilienceController, name: str) -> Sequence[Any]:
    return controller.get_config(Kind.FORCED_BREAKER, name).layers


def _limiter(
    controller: ResilienceController,
    entry: Entry,
    rates: dict[str, float | None],
    trail: TrailReading | None,
    most: int,
) -> dict[str, Any]:
    limiter = controller.rate_limiter(entry.name)
    health = limiter.store.health()
    config = entry.config
    assert isinstance(config, RateLimitConfig)
    return {
        "state": _limiter_state(rates),
        "scope": "worker" if health.degraded else "fleet",
        "store_errors": health.store_errors,
        "answered_locally": health.answered_locally,
        "limiter": {
            "algorithm": config.algorithm,
            "dimensions": [
                {
                    "name": name,
                    "limit": quota.limit,
                    "window": quota.window,
                    "burst": quota.capacity,
                }
                for name, quota in limiter.plan.quotas
            ],
            "mode": config.mode.value,
            "leases": limiter.leases.counts() or None,
            "top": None if trail is None else _top(trail, most),
        },
    }


def _limiter_state(rates: dict[str, float | None]) -> str:
    if rates["passes"] is None and rates["rejections"] is None:
        return "unknown"
    if rates["rejections"]:
        return "limiting"
    return "passing" if rates["passes"] else "idle"


def _top(trail: TrailReading, most: int) -> dict[str, Any]:
    calls = trail.calls
    return {
        "calls": len(calls),
        "seconds": max(0.0, trail.until - calls[0].at) if calls else 0.0,
        "complete": trail.complete and trail.fleet,
        "keys": [
            {**_who(use.key), "passed": use.passed, "rejected": use.rejected}
            for use in top_keys(calls, most)
        ],
    }


def _who(key: Any) -> dict[str, str | None]:
    if not isinstance(key, tuple):
        text = None if key is None else str(key)[:TEXT_SHOWN]
        return {"user": None, "server": None, "address": None, "text": text}
    user, server, address = key
    return {
        "user": None if user is None else str(user),
        "server": None if server is None else str(server),
        "address": masked_address(address),
        "text": None,
    }


def _bulkhead(
    controller: ResilienceController, entry: Entry, stats: BulkheadStats
) -> dict[str, Any]:
    config = entry.config
    assert isinstance(config, BulkheadConfig)
    shared = config.strategy is BulkheadStrategy.NAME
    here = controller.bulkhead(entry.name).local.inside()
    return {
        "state": _bulkhead_state(stats.held, stats.waiting, stats.limit) if shared else "unknown",
        "scope": "worker" if stats.degraded else "fleet",
        "store_errors": stats.store_errors,
        "answered_locally": stats.answered_locally,
        "bulkhead": {
            "strategy": config.strategy.value,
            "limit": stats.limit,
            "held": stats.held if shared else None,
            "waiting": stats.waiting if shared else None,
            "held_here": here,
            "spare_here": stats.spare_here,
            "mode": config.mode.value,
            "leases": controller.bulkhead(entry.name).spares.counts() or None,
            "lost": stats.lost,
            "lease": config.lease,
            "wait": config.wait,
        },
    }


def _bulkhead_state(held: int, waiting: int, limit: int) -> str:
    if waiting:
        return "waiting"
    return "full" if held >= limit else "free"


def moment(ms: int) -> datetime:
    """Redis time in ms as a time."""
    return datetime.fromtimestamp(ms / 1000, UTC)
