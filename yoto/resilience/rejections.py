"""Publishes bursts of rejections: one event a guard and interval, over all instances."""

from __future__ import annotations

import logging
from typing import Protocol

from yoto.redis import REDIS_UNAVAILABLE

from . import scripts
from .config_store import Kind
from .runtime import Runtime
from .trail import StoredTrails, caller_of

log = logging.getLogger(__name__)

# Rejections of one guard that are worth an event, and the interval with at most one event.
BURST = 10
INTERVAL_MS = 10_000
# Seconds between reports of an instance.
REPORT_EVERY = 1.0


class Rejecting(Protocol):
    """A guard, as the reporter sees it.

    Attributes:
        rejected: calls that this process refused, ever.
    """

    name: str
    rejected: int


class RejectionReporter:
    """Compares the guards' counts with the last report; a rejection itself costs nothing."""

    def __init__(self, runtime: Runtime, trails: StoredTrails) -> None:
        """``trails``: know the callers that a limit refused."""
        self._runtime = runtime
        self._trails = trails
        self._watched: list[tuple[Kind, Rejecting]] = []
        self._reported: dict[tuple[Kind, str], int] = {}

    def watch(self, kind: Kind, guard: Rejecting) -> None:
        """Report this guard from now on."""
        self._reported[kind, guard.name] = guard.rejected
        self._watched.append((kind, guard))

    def report(self) -> float:
        """Report new rejections; call it again after the seconds that it returns."""
        for kind, guard in list(self._watched):
            count = guard.rejected - self._reported[kind, guard.name]
            if count > 0 and self._announce(kind, guard, count):
                self._reported[kind, guard.name] += count
        return REPORT_EVERY

    def _announce(self, kind: Kind, guard: Rejecting, count: int) -> bool:
        events, keys = self._runtime.events, self._runtime.keys
        about = ("rejections", kind.value, guard.name)
        publisher = self._runtime.publisher_args(events.max_length, events.ttl_ms)
        dimension = getattr(guard, "last_dimension", "")
        refused = self._trails.take_refused(guard.name) if kind is Kind.RATE_LIMIT else []
        callers = [part for key, times in refused for part in (caller_of(key), times)]
        try:
            self._runtime.scripts.run(
                scripts.REJECTIONS_REPORT,
                (
                    events.key,
                    keys.event_stream(*about),
                    keys.event_stream(*about, "told"),
                    keys.event_stream(*about, "callers"),
                ),
                (count, BURST, INTERVAL_MS, kind.value, guard.name, dimension, publisher, *callers),
            )
        except REDIS_UNAVAILABLE as error:
            log.debug("rejections of %s are told later: %s", guard.name, error)
            return False
        return True
