"""Events of the resilience platform. Higher layers register their own beside these."""

from __future__ import annotations

from yoto.events.types import Event, event_type


@event_type("breaker.transitioned")
class BreakerTransitioned(Event, frozen=True, kw_only=True):
    """A circuit breaker went from one state to another.

    Attributes:
        name: the breaker.
        old, new: ``closed``, ``open``, ``half_open``, ``isolated``, ``disabled``,
            ``metrics_only``.
        reason: the cause of the change, such as ``failure_rate`` or an operator's words.
        period: number of the period that begins; it only grows.
        retry_after_ms: for an open breaker, ms until it admits a probe.
        calls, failures, slow_calls: the window's counts, when they opened it.
    """

    name: str
    old: str
    new: str
    reason: str = ""
    period: int = 0
    retry_after_ms: int = 0
    calls: int = 0
    failures: int = 0
    slow_calls: int = 0


@event_type("guard.rejections")
class RejectionBurst(Event, frozen=True, kw_only=True):
    """A guard began to reject calls, or still does; at most one event a guard and interval.

    Attributes:
        kind: ``circuit_breaker``, ``rate_limit`` or ``bulkhead``.
        name: the guard.
        count: calls rejected since the last such event.
        dimension: for a rate limit, the dimension that refused most recently.
        caller: for a rate limit, the caller that it refused most since the last such event, such as
            ``user:31 server:1``; without the address, which not every viewer of events may see.
        caller_count: how often.
    """

    kind: str
    name: str
    count: int = 1
    dimension: str = ""
    caller: str = ""
    caller_count: int = 0


@event_type("config.changed")
class ConfigChanged(Event, frozen=True, kw_only=True):
    """A configuration entry has a new version.

    Attributes:
        kind, name: the entry, such as ``rate_limit`` and ``message.send``.
        version: its version now.
        origin: the owner of the changed layer: ``operator`` or ``tuner``.
        action: ``set``, ``delete`` or ``rollback``.
        author, reason: the author, and why.
    """

    kind: str
    name: str
    version: int
    origin: str
    action: str
    author: str = ""
    reason: str = ""


@event_type("config.restored")
class ConfigRestored(Event, frozen=True, kw_only=True):
    """Redis had lost the configuration and got ``entries`` entries back from the record."""

    entries: int


@event_type("switch.changed")
class SwitchChanged(Event, frozen=True, kw_only=True):
    """A global switch has a new version. ``enabled`` is None when its stored value was deleted."""

    name: str
    version: int
    enabled: bool | None = None
    origin: str = "operator"
    action: str = "set"
    author: str = ""
    reason: str = ""


@event_type("degradation.changed")
class DegradationChanged(Event, frozen=True, kw_only=True):
    """A source raised, lowered or ended its degradation level.

    Attributes:
        source: the requester of the level, such as ``alert:error_rate``.
        feature: the one feature it is about; empty for all.
        old, new: ``none``, ``light``, ``medium`` or ``heavy``: this source's level.
        reason: why.
        ttl_ms: how long the new level holds without renewal.
    """

    source: str
    old: str
    new: str
    feature: str = ""
    reason: str = ""
    ttl_ms: int = 0


@event_type("store.lost")
class StoreLost(Event, frozen=True, kw_only=True):
    """This process lost a store. Published afterwards: without Redis nothing can be published.

    Attributes:
        store: which one.
        cause: why, where that is known.
        at_ms: when, in ms since 1970; 0: at the time of the entry, which is that of the recovery.
    """

    store: str
    cause: str = ""
    at_ms: int = 0


@event_type("store.recovered")
class StoreRecovered(Event, frozen=True, kw_only=True):
    """This process has a store again.

    Attributes:
        store: which one.
        lost_ms: for how long it was unavailable.
        answered_locally: calls that were decided without it meanwhile.
    """

    store: str
    lost_ms: int
    answered_locally: int = 0


@event_type("events.cleared")
class EventsCleared(Event, frozen=True, kw_only=True):
    """An operator removed the events up to ``up_to``; that one stays if it was the newest.

    Attributes:
        up_to: id of the last one.
        removed: how many there were.
        by, reason: the operator, and why.
    """

    up_to: str
    removed: int
    by: str = ""
    reason: str = ""


@event_type("task.progress")
class TaskProgressed(Event, frozen=True, kw_only=True):
    """Progress of work that an operator may watch; a few events a second at most.

    Attributes:
        task_id: id of this run of the task.
        task: the kind of work, such as ``warm_up``.
        step: the part of it that goes on.
        done, total: units that the step counts; both 0: nothing to count yet.
    """

    task_id: str
    task: str
    step: str
    done: int = 0
    total: int = 0


@event_type("task.finished")
class TaskFinished(Event, frozen=True, kw_only=True):
    """Such work has ended.

    Attributes:
        task_id, task: as in ``TaskProgressed``.
        success: whether all of it was done.
        seconds: how long it took.
        errors: the errors, in words.
    """

    task_id: str
    task: str
    success: bool
    seconds: float
    errors: list[str] = []
