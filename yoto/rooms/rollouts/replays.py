"""Replays past calls through the pure algorithms, under any configuration.

Values in, values out: no Redis and no clock but the times of the calls.
"""

from __future__ import annotations

import heapq
import statistics
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from yoto.redis import KeyBuilder
from yoto.resilience.breaker.machine import BreakerMachine
from yoto.resilience.breaker.states import Admission, Meaning, State
from yoto.resilience.limiter.dimensions import DimensionPlan
from yoto.resilience.limiter.local import LocalLimiter
from yoto.resilience.limiter.result import result_of
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import (
    BreakerMode,
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    RateLimitConfig,
)
from yoto.resilience.trail import REFUSED, BreakerCall, LimitedCall, SlotCall, key_of


@dataclass(slots=True)
class Replay:
    """The effect of a configuration on calls."""

    rejected: int = 0
    unknown: Annotated[int, "Let in although they were refused: nobody knows how they end"] = 0
    by: Annotated[dict[str, int], "Refusals of a limit by dimension"] = field(default_factory=dict)
    opened: Annotated[int, "Times a breaker opens"] = 0
    peak: Annotated[int, "Most callers inside a partition of a bulkhead"] = 0


def replay_limit(calls: Sequence[LimitedCall], config: RateLimitConfig) -> Replay:
    """Replay calls in the order of arrival, with nothing used before the first."""
    plan = DimensionPlan("replay", config, KeyBuilder(""))
    meters = LocalLimiter(lambda limit, window: limit)
    refusals: Counter[str] = Counter()
    for call in calls:
        target = plan.target(key_of(call.key))
        if call.cost < 0:
            meters.give(target, -call.cost, call.at)
            continue
        result = result_of(meters.hit(target, call.cost, call.at, plan.algorithm))
        if not result.allowed:
            refusals[result.dimension] += 1
    return Replay(rejected=refusals.total(), by=dict(refusals))


def replay_breaker(calls: Sequence[BreakerCall], config: CircuitBreakerConfig) -> Replay:
    """Replay beginnings and ends of calls in the order of their times, through one machine."""
    replay = Replay()
    if config.mode is BreakerMode.DISABLED:
        replay.unknown = sum(call.outcome == REFUSED for call in calls)
        return replay

    def on_transition(old: State, new: State, reason: str) -> None:
        replay.opened += new is State.OPEN

    machine = BreakerMachine(config, on_transition)
    running: list[tuple[float, int, Admission]] = []

    def end_until(now: float) -> None:
        while running and running[0][0] <= now:
            at, number, admission = heapq.heappop(running)
            call = calls[number]
            slow = call.seconds >= config.slow_call_duration
            outcome = Outcome.IGNORED if call.outcome == REFUSED else Outcome(call.outcome)
            machine.record(at, str(number), admission.period, outcome, slow, config)

    for number, call in enumerate(calls):
        end_until(call.at)
        answer = machine.admit(call.at, str(number), config)
        if not isinstance(answer, Admission):
            replay.rejected += 1
            continue
        replay.unknown += call.outcome == REFUSED
        if answer.meaning is not Meaning.UNWANTED:
            heapq.heappush(running, (call.at + call.seconds, number, answer))
    end_until(float("inf"))
    return replay


def replay_bulkhead(calls: Sequence[SlotCall], config: BulkheadConfig) -> Replay:
    """Replay calls through a queue of the configured wait before so many slots.

    A refused call is taken to need the median time of the admitted ones.
    """
    replay = Replay()
    usual = statistics.median([call.seconds for call in calls if call.admitted] or [0.0])
    partitions: dict[str, _Partition] = {}
    for call in calls:
        name = "" if config.strategy is BulkheadStrategy.NAME else call.partition
        if name not in partitions:
            partitions[name] = _Partition(config, replay)
        partitions[name].come(call, call.seconds if call.admitted else usual)
    for partition in partitions.values():
        partition.end_until(float("inf"))
    return replay


class _Partition:
    """Slots, and their waiters."""

    def __init__(self, config: BulkheadConfig, replay: Replay) -> None:
        self._cap = config.max_concurrent
        self._wait = config.wait
        self._replay = replay
        self._ends: list[float] = []
        self._queue: deque[tuple[SlotCall, float]] = deque()

    def come(self, call: SlotCall, needs: float) -> None:
        self.end_until(call.at)
        if len(self._ends) < self._cap:
            self._enter(call, call.at, needs)
        elif self._wait > 0 and self._cap:
            self._queue.append((call, needs))
        else:
            self._replay.rejected += 1

    def end_until(self, now: float) -> None:
        """Release holders, and admit waiters that still wait by then."""
        while self._ends and self._ends[0] <= now:
            at = heapq.heappop(self._ends)
            while self._queue:
                call, needs = self._queue.popleft()
                if call.at + self._wait >= at:
                    self._enter(call, at, needs)
                    break
                self._replay.rejected += 1

    def _enter(self, call: SlotCall, at: float, needs: float) -> None:
        self._replay.unknown += not call.admitted
        heapq.heappush(self._ends, at + needs)
        self._replay.peak = max(self._replay.peak, len(self._ends))
