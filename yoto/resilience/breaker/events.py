"""Facts about breakers beside their transitions, written by the scripts."""

from __future__ import annotations

from yoto.events import Event, event_type


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
