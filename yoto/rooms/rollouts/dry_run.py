"""Tries a configuration that is not set yet on the recorded calls of the real traffic.

It is a replay and no prophecy: callers who are refused behave otherwise afterwards. So the
configuration in force is replayed too, and the real outcome is shown beside both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from yoto.errors import ValidationFailed
from yoto.redis import KeyBuilder
from yoto.resilience import (
    KEPT_FOR,
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    Kind,
    RateLimitConfig,
    ResilienceController,
    Settings,
    TrailReading,
)
from yoto.resilience.config_store import parse_kind
from yoto.resilience.limiter.dimensions import DimensionPlan
from yoto.resilience.trail import MOST_CALLS, REFUSED

from .replays import Replay, replay_breaker, replay_bulkhead, replay_limit

REPLAYS: dict[Kind, Callable[[Sequence[Any], Any], Replay]] = {
    Kind.RATE_LIMIT: replay_limit,
    Kind.CIRCUIT_BREAKER: replay_breaker,
    Kind.BULKHEAD: replay_bulkhead,
}


class Caveat(StrEnum):
    """A limit to the certainty of a dry run.

    ``no_traffic``: nothing was recorded. ``this_worker_only``: Redis is unavailable.
    ``calls_missing``: a worker was too busy to report all calls. ``only_the_latest``: the trail
    was full, so it reaches less far back than asked. ``shorter_than_window``: the use before the
    stretch, which counts in a window of the limit, is unknown. ``outcomes_unknown``: calls were
    refused and would be admitted; their outcome is unknown.
    """

    NO_TRAFFIC = "no_traffic"
    THIS_WORKER_ONLY = "this_worker_only"
    CALLS_MISSING = "calls_missing"
    ONLY_THE_LATEST = "only_the_latest"
    SHORTER_THAN_WINDOW = "shorter_than_window"
    OUTCOMES_UNKNOWN = "outcomes_unknown"


@dataclass(frozen=True, slots=True)
class DryRun:
    """The result: ``candidate.rejected`` of ``calls`` would have been refused.

    Attributes:
        kind, name: the entry.
        workers: the number of processes that reported the calls.
        really_rejected: the number of calls that were refused.
        candidate: the effect of the tried configuration on them.
        in_force: the effect of the one in force in the same replay.
    """

    kind: Kind
    name: str
    calls: Annotated[int, "That this rests on"]
    seconds: Annotated[float, "How far back they reach"]
    workers: int
    really_rejected: int
    candidate: Replay
    in_force: Replay
    caveats: Annotated[tuple[Caveat, ...], "What makes it less than sure"]


def dry_run_of(
    controller: ResilienceController,
    kind: Kind | str,
    name: str,
    values: Mapping[str, Any] | None,
    *,
    seconds: float = KEPT_FOR,
) -> DryRun:
    """The effect of an operator's ``values`` on the calls of the last ``seconds``.

    Args:
        values: the fields of an operator's whole layer; None or empty: no such layer.

    Raises:
        ValidationFailed: no such kind is replayed, or a value is refused.
    """
    parsed = parse_kind(kind)
    candidate = controller.config.candidate(parsed, name, values or {})
    in_force = controller.config.get(parsed, name).config
    calls = controller.trails.read(parsed, name, seconds)
    return dry_run(parsed, name, calls, candidate, in_force)


def dry_run(
    kind: Kind, name: str, reading: TrailReading, candidate: Settings, in_force: Settings
) -> DryRun:
    """Replay the recorded calls.

    Raises:
        ValidationFailed: calls of this kind are not replayed, or not under this strategy.
    """
    replay = REPLAYS.get(kind)
    if replay is None:
        known = ", ".join(one.value for one in REPLAYS)
        raise ValidationFailed({"kind": f"must be one of {known} for a dry run, not {kind.value}"})
    if isinstance(candidate, BulkheadConfig) and isinstance(in_force, BulkheadConfig):
        _check_strategy(candidate, in_force)
    calls = reading.calls
    counted = [call for call in calls if getattr(call, "cost", 1) > 0]
    seconds = reading.until - calls[0].at if calls else 0.0
    tried, present = replay(calls, candidate), replay(calls, in_force)
    return DryRun(
        kind=kind,
        name=name,
        calls=len(counted),
        seconds=seconds,
        workers=len(reading.sources),
        really_rejected=sum(map(_was_refused, counted)),
        candidate=tried,
        in_force=present,
        caveats=tuple(_caveats(reading, seconds, candidate, tried)),
    )


def _check_strategy(candidate: BulkheadConfig, in_force: BulkheadConfig) -> None:
    """Check that the partitions are known: by the strategy in force, and by the name."""
    if candidate.strategy not in (BulkheadStrategy.NAME, in_force.strategy):
        raise ValidationFailed(
            {
                "strategy": f"was not recorded; a dry run knows "
                f"{in_force.strategy.value} and {BulkheadStrategy.NAME.value}"
            }
        )


def _was_refused(call: Any) -> bool:
    if hasattr(call, "outcome"):
        return bool(call.outcome == REFUSED)
    return not (call.admitted if hasattr(call, "admitted") else call.allowed)


def _caveats(
    reading: TrailReading, seconds: float, candidate: Settings, tried: Replay
) -> list[Caveat]:
    found = {
        Caveat.NO_TRAFFIC: not reading.calls,
        Caveat.THIS_WORKER_ONLY: not reading.fleet,
        Caveat.CALLS_MISSING: not reading.complete,
        Caveat.ONLY_THE_LATEST: len(reading.calls) >= 0.9 * MOST_CALLS,
        Caveat.SHORTER_THAN_WINDOW: bool(reading.calls) and seconds < _window(candidate),
        Caveat.OUTCOMES_UNKNOWN: tried.unknown > 0,
    }
    return [caveat for caveat, holds in found.items() if holds]


def _window(config: Settings) -> float:
    """Seconds for which used units count; 0 without a limit."""
    if isinstance(config, RateLimitConfig):
        plan = DimensionPlan("", config, KeyBuilder(""))
        return max(quota.window for _, quota in plan.quotas)
    if isinstance(config, CircuitBreakerConfig) and config.window_type == "time":
        return float(config.window_size)
    return 0.0
