"""Causes for which the platform is not "all normal". Pure: facts in, causes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from yoto.fleet import LOST_FOR_MS, Worker, WorkerState
from yoto.monitor.headlines import Condition, HeadlineCause
from yoto.operate.application import of_application
from yoto.operate.live.components import Part
from yoto.operate.overrides import page_at, where_of
from yoto.permission import MaintenanceStatus
from yoto.persistence import DATABASE
from yoto.resilience import (
    REDIS_BREAKER,
    BreakerState,
    BulkheadStats,
    Change,
    Kind,
    RaisedLevel,
    State,
)

# Parts that ``of_workers`` reports one by one.
FLEET_PARTS = ("instances",)
STORES = (DATABASE, REDIS_BREAKER)
# The subject of each of the platform's own rules for which another source reports it too.
_TOPICS = {
    "hit_rate": "health:cache",
    "response_time": "health:response",
    "error_rate": "health:errors",
    "memory": "health:memory",
    "redis": "redis",
    "database": "database",
    "refusals_of_one": "limit:{name}",
    "dead_letters": "dead:{kind}",
    "unserved_items": "unserved:{kind}",
    "log_silence": "invalidation_log",
    "silent_worker": "silent workers",
    "failed_sign_ins": "sign-ins",
    "policy_errors": "policies",
}
_PAGES = {"policies": "policies", "invalidation_log": "cache", "instances": "instances"}
# The prefix that an alert rule has as a source of a degradation level.
ALERT_SOURCE = "alert:"
_GRAVE = (Kind.FORCED_BREAKER, Kind.DEGRADATION)
Names = Callable[[str], str]


def of_parts(parts: Iterable[Part]) -> Iterator[HeadlineCause]:
    """Stores, engine, log and metrics that are not healthy."""
    for part in parts:
        if part.state == Condition.OK or not part.matters or part.name in FLEET_PARTS:
            continue
        yield HeadlineCause(
            kind="health" if part.group == "health" else "component",
            name=part.name,
            state=Condition(part.state),
            topic=part.name,
            detail=part.detail,
            value=part.value if part.group == "health" else None,
            unit=part.unit,
            where=_PAGES.get(part.name, "status"),
        )


def of_breakers(
    breakers: Iterable[tuple[BreakerState, Change | None]], now: int, named: Names
) -> Iterator[HeadlineCause]:
    """Breakers that allow no calls, or only probes, with the operator who forced them, if any."""
    kinds = {
        State.OPEN: "breaker_open",
        State.HALF_OPEN: "breaker_half_open",
        State.ISOLATED: "breaker_isolated",
    }
    for breaker, forced in breakers:
        if breaker.state not in kinds:
            continue
        isolated = breaker.state is State.ISOLATED
        ends = round(now + breaker.until * 1000) if isolated and breaker.until else None
        yield HeadlineCause(
            kind=kinds[breaker.state],
            name=breaker.name,
            state=Condition.DEGRADED,
            topic=_breaker_topic(breaker.name),
            by=None if forced is None else named(forced.author),
            reason=(breaker.reason if forced is None else forced.reason) or None,
            since=None if forced is None else forced.at,
            until=forced.expires_at or ends if forced is not None else ends,
            where=page_at("guards", guard=f"circuit_breaker:{breaker.name}"),
            verb="reset" if isolated else "look",
        )


def of_limits(
    rejecting: Iterable[tuple[str, float, str | None, str | None]],
) -> Iterator[HeadlineCause]:
    """Limits that reject calls: name, calls a second, the caller whom they reject most, and that
    caller's network."""
    for name, rate, caller, network in rejecting:
        yield HeadlineCause(
            kind="limiting",
            name=name,
            state=Condition.DEGRADED,
            topic="sign-ins" if name in of_application().sign_in_limits else f"limit:{name}",
            value=round(rate, 3),
            unit="per_second",
            caller=caller,
            network=network,
            where=f"guards/{quote(name, safe='')}",
        )


def of_bulkheads(bulkheads: Iterable[BulkheadStats]) -> Iterator[HeadlineCause]:
    """Bulkheads with no slot left."""
    for stats in bulkheads:
        if stats.waiting or stats.held >= stats.limit:
            yield HeadlineCause(
                kind="bulkhead_full",
                name=stats.name,
                state=Condition.DEGRADED,
                topic=f"bulkhead:{stats.name}",
                value=stats.held,
                unit="count",
                where=page_at("guards", guard=f"bulkhead:{stats.name}"),
            )


def of_overrides(
    changes: Iterable[Change], raised: Iterable[RaisedLevel], named: Names
) -> Iterator[HeadlineCause]:
    """Temporary and forced changes of operators, and degradation levels that others ask for."""
    for change in changes:
        grave = change.kind in _GRAVE
        if not grave and not change.expires_at:
            continue
        forced = change.kind is Kind.FORCED_BREAKER
        yield HeadlineCause(
            kind="override",
            name=change.name,
            state=Condition.DEGRADED if grave else Condition.PLANNED,
            topic=_breaker_topic(change.name) if forced else f"{change.kind.value}:{change.name}",
            labels={"kind": change.kind.value},
            detail=", ".join(f"{name} = {value}" for name, value in (change.values or {}).items()),
            by=named(change.author),
            reason=change.reason or None,
            since=change.at,
            until=change.expires_at or None,
            where=where_of(change),
            verb="reset",
        )
    for level in raised:
        # "none" asks for nothing by itself: only a feature that names the source is degraded by it.
        if level.level.value != "none":
            yield HeadlineCause(
                kind="degraded_feature",
                name=level.feature or "*",
                state=Condition.DEGRADED,
                topic=f"level:{level.source}:{level.feature}",
                follows=_TOPICS.get(level.source.removeprefix(ALERT_SOURCE)),
                detail=level.level.value,
                by=level.source,
                until=level.until,
                where=page_at("guards", part="degradation"),
            )


def of_maintenance(status: MaintenanceStatus, named: Names) -> Iterator[HeadlineCause]:
    """Maintenance that an operator turned on."""
    if status.enabled:
        by = None if status.changed_by is None else named(f"user:{status.changed_by}")
        yield HeadlineCause(
            kind="maintenance",
            name="maintenance",
            state=Condition.PLANNED,
            topic="maintenance",
            by=by,
            reason=status.reason,
            since=None if status.changed_at is None else _ms(status.changed_at.timestamp()),
            until=None if status.until is None else _ms(status.until.timestamp()),
            where=page_at("settings", part="maintenance"),
            verb="end",
        )


def of_policies_off(judged: int) -> Iterator[HeadlineCause]:
    """Permissions that are denied to everybody, since policies judge them and are switched off."""
    if judged:
        yield HeadlineCause(
            kind="policies_off",
            name="policies",
            state=Condition.PLANNED,
            topic="policies",
            value=judged,
            where="permissions",
            verb="look",
        )


def of_workers(workers: Sequence[Worker], now: int, longest: float) -> Iterator[HeadlineCause]:
    """Workers that fell silent, and those that heard nothing of the log for over ``longest`` s."""
    silent = [
        one for one in workers if one.state is WorkerState.SILENT and one.heard_ms < LOST_FOR_MS
    ]
    lagging = [
        one
        for one in workers
        if one.state is WorkerState.LIVE
        and isinstance(heard := one.facts.get("log_silent_s"), int | float)
        and heard > longest
    ]
    for kind, found in (("worker_silent", silent), ("worker_lagging", lagging)):
        if found:
            yield HeadlineCause(
                kind=kind,
                name=", ".join(f"{one.host} {one.pid}" for one in found),
                state=Condition.DEGRADED,
                topic="silent workers" if kind == "worker_silent" else kind,
                value=len(found),
                unit="count",
                since=now - max(one.heard_ms for one in found) if kind == "worker_silent" else None,
                where="instances",
            )


def topic_of_rule(rule: str, labels: Mapping[str, str]) -> str | None:
    """The subject of an alert of one of the platform's own rules, if another source reports it."""
    if rule in ("breaker_open", "breaker_isolated"):
        return _breaker_topic(labels.get("name", ""))
    topic = _TOPICS.get(rule)
    return topic and topic.format(**{"name": "", "kind": "", **labels})


def _breaker_topic(name: str) -> str:
    """A store and the breaker before it are one thing."""
    return name if name in STORES else f"breaker:{name}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
