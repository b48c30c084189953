"""The states of a circuit breaker, and the snapshot for callers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from yoto.events import Event, event_type


class State(StrEnum):
    """The state of a breaker; ``isolated`` and ``disabled`` are an operator's."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    ISOLATED = "isolated"
    DISABLED = "disabled"
    METRICS_ONLY = "metrics_only"


class Meaning(IntEnum):
    """The use of an admitted call's result."""

    COUNTED = 0
    PROBE = 1
    UNWANTED = 2


class Happened(IntEnum):
    """The effect of a result."""

    IGNORED = 0
    COUNTED = 1
    OPENED = 2
    CLOSED = 3
    OPENED_ALONE = 4


# By number, which is quicker than asking the enum.
MEANINGS, HAPPENINGS = tuple(Meaning), tuple(Happened)


class Admission(NamedTuple):
    """A call was admitted.

    Attributes:
        period: number of the state period that its result belongs to.
        meaning: the use of its result.
    """

    period: int
    meaning: Meaning


class Refusal(NamedTuple):
    """A call was refused.

    Attributes:
        wait: seconds until a call may be admitted.
        isolated: an operator forced the breaker open.
    """

    wait: float
    isolated: bool = False


@dataclass(frozen=True)
class BreakerState:
    """A snapshot of a breaker.

    Attributes:
        name: the breaker.
        state: see ``State``; an expired open breaker stays ``open`` until a call comes.
        period: number of the present state period.
        reason: the cause of the state.
        until: seconds until ``open``, ``isolated`` or ``disabled`` ends, else 0.
        calls, failures, slow_calls: the counts in the window.
        failure_rate, slow_call_rate: percent, ``None`` below the minimum number of calls.
        consecutive_failures: failures in a row.
        opens: times opened in a row without a close between.
        probes: probes that run now.
        probes_succeeded: good probes of this half-open period; ``success_threshold`` of them
            close it.
        rejected: calls that this process refused.
        degraded: this process decides without Redis.
        store_errors, answered_locally: see ``StoreHealth``.
        opened_alone: only this process is open (``min_instances``).
    """

    name: str
    state: State
    period: int
    reason: str
    until: float
    calls: int
    failures: int
    slow_calls: int
    failure_rate: float | None
    slow_call_rate: float | None
    consecutive_failures: int
    opens: int
    probes: int
    probes_succeeded: int = 0
    success_threshold: int = 1
    rejected: int = 0
    degraded: bool = False
    store_errors: int = 0
    answered_locally: int = 0
    opened_alone: bool = False


@event_type("breaker.would_open")
class BreakerWouldOpen(Event, frozen=True, kw_only=True):
    """A breaker in metrics-only mode would have opened; published once until it is healthy again.

    Attributes:
        name: the breaker.
        reason: ``failure_rate``, ``slow_call_rate`` or ``consecutive_failures``.
        calls, failures, slow_calls: the counts in the window.
    """

    name: str
    reason: str
    calls: int = 0
    failures: int = 0
    slow_calls: int = 0


@event_type("breaker.opened_locally")
class BreakerOpenedLocally(Event, frozen=True, kw_only=True):
    """One instance opened its breaker for itself; too few others see failures.

    Attributes:
        name: the breaker.
        instance: id of the instance.
        reason: as in ``BreakerWouldOpen``.
        seen: instances with recent bad results.
        needed: instances that open the fleet.
        retry_after_ms: ms until it admits a probe.
    """

    name: str
    instance: str
    reason: str
    seen: int = 1
    needed: int = 1
    retry_after_ms: int = 0
