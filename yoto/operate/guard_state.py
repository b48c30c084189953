"""Each guard as it is now, in the words of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypedDict, cast

from yoto.errors import StoreUnavailable
from yoto.moments import at_ms
from yoto.operate.guard_history import History, Rates, Spark
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
GuardKind: TypeAlias = Literal["circuit_breaker", "rate_limit", "bulkhead"]
BreakerWord: TypeAlias = Literal[
    "closed", "open", "half_open", "isolated", "disabled", "metrics_only"
]
GuardState: TypeAlias = Literal[
    BreakerWord, "passing", "limiting", "idle", "free", "waiting", "full", "unknown"
]
# Callers shown of each limit, in a list and alone; reports of workers that are read for a list.
TOP_IN_LIST, TOP_IN_DETAIL = 3, 20
REPORTS_IN_LIST = 60
# Characters shown of a key that the code chose.
TEXT_SHOWN = 64
# The state of a guard in Redis, by kind; None for a limit while Redis is unavailable.
Seen: TypeAlias = BreakerState | BulkheadStats | TrailReading | None


class Forced(TypedDict):
    """A forced state of a breaker, and who forced it."""

    state: str
    author: str
    reason: str
    since: datetime
    until: datetime | None


class Breaker(TypedDict):
    """A circuit breaker."""

    reason: Annotated[str, "Why it is in its state"]
    ends_in: Annotated[float | None, "Seconds until the state ends by itself"]
    next_probe_in: Annotated[float | None, "Seconds until an open breaker lets a probe through"]
    calls: Annotated[int, "In the window"]
    failures: int
    slow_calls: int
    failure_rate: Annotated[float | None, "%; null below the minimum"]
    slow_call_rate: float | None
    consecutive_failures: int
    opens: int
    probes: int
    probes_succeeded: Annotated[int, "Good probes while it is half open"]
    success_threshold: Annotated[int, "Good probes that close it"]
    opened_alone: bool
    operable: Annotated[bool, "False: it opens and closes by itself alone"]
    forced: Forced | None


class Quota(TypedDict):
    """One thing that a limit counts."""

    name: str
    limit: int
    window: Annotated[float, "Seconds"]
    burst: int


class KeyUse(TypedDict):
    """The calls of one caller."""

    user: str | None
    server: str | None
    address: Annotated[str | None, "Its network; `***` without `admin.audit`"]
    text: str | None
    passed: int
    rejected: int


class TopKeys(TypedDict):
    """The callers who were rejected most, then those who called most."""

    calls: Annotated[int, "That this rests on"]
    seconds: Annotated[float, "How far back they reach"]
    complete: bool
    keys: list[KeyUse]


class Leases(TypedDict):
    """The use of units that the worker that answers took from Redis in advance."""

    leased: int
    returned: Annotated[int, "Given back unused"]
    wasted: Annotated[int, "That ran out unused"]


class Limiter(TypedDict):
    """A rate limit."""

    algorithm: str
    dimensions: list[Quota]
    mode: str
    leases: Annotated[Leases | None, "null: nothing was leased yet"]
    top: Annotated[TopKeys | None, "null: unknown, Redis is unavailable"]


class Bulkhead(TypedDict):
    """A bulkhead."""

    strategy: str
    limit: Annotated[int, "Of each partition"]
    held: Annotated[int | None, "In flight over all workers; null: each partition has its own"]
    waiting: int | None
    held_here: Annotated[int, "In the worker that answers"]
    spare_here: Annotated[int, "Held for the next callers of the worker that answers"]
    mode: str
    leases: Annotated[Leases | None, "How often slots were kept; null: none was kept yet"]
    lost: int
    lease: Annotated[float, "Seconds"]
    wait: Annotated[float, "Seconds"]


class Guard(TypedDict):
    """One guard; fields of other kinds are null."""

    kind: GuardKind
    name: str
    state: GuardState
    scope: Annotated[
        Literal["fleet", "worker"],
        "worker: Redis is unavailable, and only this worker is shown",
    ]
    version: Annotated[int, "Of its configuration"]
    defined: Annotated[bool, "False: no code defines the name; perhaps it is misspelt"]
    overridden: Annotated[list[str], "Fields that operators set"]
    store_errors: int
    answered_locally: int
    rates: Rates
    spark: Spark
    breaker: Breaker | None
    limiter: Limiter | None
    bulkhead: Bulkhead | None


def every_guard(
    controller: ResilienceController, kinds: Sequence[Kind], part: str | None
) -> Iterator[Guard]:
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
        trails = controller.trails.latest(limits, REPORTS_IN_LIST)
        seen.update(zip(limits, trails, strict=True))
    names = [name for kind, name in chosen if kind is Kind.CIRCUIT_BREAKER]
    seen |= {
        (Kind.CIRCUIT_BREAKER, one.name): one for one in controller.guards.breaker_states(names)
    }
    names = [name for kind, name in chosen if kind is Kind.BULKHEAD]
    seen |= {(Kind.BULKHEAD, one.name): one for one in controller.guards.bulkhead_stats(names)}
    for one in chosen:
        yield _guard(controller, *one, history, seen.get(one), TOP_IN_LIST)


def one_guard(controller: ResilienceController, kind: Kind, name: str) -> Guard:
    """One guard, a limit with more of its callers."""
    seen: Seen
    match kind:
        case Kind.CIRCUIT_BREAKER:
            seen = controller.get_circuit_breaker_state(name)
        case Kind.RATE_LIMIT:
            seen = controller.trails.read(kind, name)
        case _:
            seen = controller.get_bulkhead_stats(name)
    return _guard(controller, kind, name, History(), seen, TOP_IN_DETAIL)


def _guard(
    controller: ResilienceController,
    kind: Kind,
    name: str,
    history: History,
    seen: Seen,
    most: int,
) -> Guard:
    """One guard; ``seen`` is its state in Redis."""
    entry = controller.config.get(kind, name)
    whole: dict[str, Any] = {
        "kind": kind.value,
        "name": name,
        "version": entry.version,
        "defined": controller.guards.is_defined(name),
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
    return cast(Guard, whole)


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
            **_same(Breaker, state),
            "ends_in": ends,
            "next_probe_in": ends if state.state is State.OPEN else None,
            "operable": name != REDIS_BREAKER,
            "forced": next(
                (
                    {
                        "state": str((layer.values or {}).get("state", "none")),
                        "author": layer.author,
                        "reason": layer.reason,
                        "since": at_ms(layer.at),
                        "until": at_ms(layer.expires_at) if layer.expires_at else None,
                    }
                    for layer in reversed(layers)
                ),
                None,
            ),
        },
    }


def _same(shape: type, found: object) -> dict[str, Any]:
    """The fields of a shape, read from an object's attributes of the same names."""
    return {name: getattr(found, name) for name in shape.__annotations__ if hasattr(found, name)}


def _forced_layers(controller: ResilienceController, name: str) -> Sequence[Any]:
    return controller.config.get(Kind.FORCED_BREAKER, name).layers


def _limiter(
    controller: ResilienceController,
    entry: Entry,
    rates: Rates,
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


def _limiter_state(rates: Rates) -> str:
    if rates["passes"] is None and rates["rejections"] is None:
        return "unknown"
    if rates["rejections"]:
        return "limiting"
    return "passing" if rates["passes"] else "idle"


def _top(trail: TrailReading, most: int) -> TopKeys:
    calls = trail.calls
    return {
        "calls": len(calls),
        "seconds": max(0.0, trail.until - calls[0].at) if calls else 0.0,
        "complete": trail.complete and trail.fleet,
        "keys": [
            cast(KeyUse, {**caller_parts(use.key), "passed": use.passed, "rejected": use.rejected})
            for use in top_keys(calls, most)
        ],
    }


def caller_parts(key: Any) -> dict[str, Any]:
    """The parts of a limit's key that identify the caller."""
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
            **_same(Bulkhead, config),
            **_same(Bulkhead, stats),
            "held": stats.held if shared else None,
            "waiting": stats.waiting if shared else None,
            "held_here": here,
            "leases": controller.bulkhead(entry.name).spares.counts() or None,
        },
    }


def _bulkhead_state(held: int, waiting: int, limit: int) -> str:
    if waiting:
        return "waiting"
    return "full" if held >= limit else "free"
