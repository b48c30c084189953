"""Prefetching over all workers: reports of each, and orders to one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from yoto.errors import PlatformError, StoreUnavailable, UnknownResource
from yoto.events import EventState, StoredEvent
from yoto.fleet import Roster, wait_for_acknowledgement
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection
from yoto.rooms.prefetch.facts import PrefetchSteered

log = logging.getLogger(__name__)

INTERVAL = 5.0  # s
# ms without a report after which a worker is gone.
SILENCE_MS = 20_000


class Reports:
    """The reports of the fleet, for one worker that writes and reads them."""

    def __init__(self, redis: RedisConnection, worker: str) -> None:
        """``worker``: id of this process. Nothing connects before the first use."""
        self._roster = Roster(redis, partial(redis.keys.behaviour_log, "workers"), SILENCE_MS)
        self._worker = worker

    def publish(self, report: Mapping[str, Any]) -> float:
        """Write our report; s until the next one is due. Without Redis there is none."""
        try:
            self._roster.beat(self._worker, report)
        except REDIS_UNAVAILABLE as error:
            log.debug("the report of this worker is not published now: %s", error)
        return INTERVAL

    def withdraw(self) -> None:
        """Remove our report: the worker ends."""
        try:
            self._roster.leave(self._worker)
        except REDIS_UNAVAILABLE as error:
            log.debug("the report of this worker runs out by itself: %s", error)

    def read(self) -> dict[str, Any]:
        """The last report of each worker.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        reports = {worker.id: worker.facts for worker in self._roster.all()}
        return dict(sorted(reports.items()))


# Orders whose outcomes a worker reports.
REMEMBERED = 20


class Orders:
    """Gives orders to workers, and obeys those to this one. Safe for threads."""

    def __init__(
        self, events: EventState, reports: Reports, obey: Callable[[PrefetchSteered], None]
    ) -> None:
        """Nothing is heard before ``start``.

        Args:
            reports: the place where workers report outcomes of orders.
            obey: carries an order out; a ``PlatformError`` gives the reason of a failure.
        """
        self._events = events
        self._reports = reports
        self._obey = obey
        self._lock = threading.Lock()
        self._outcomes: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._notify: Callable[[], object] = lambda: None
        self._end: Callable[[], None] | None = None

    def start(self, notify: Callable[[], object]) -> None:
        """Obey from now on; ``notify`` publishes the report that contains the outcomes."""
        self._notify = notify
        if self._end is None:
            self._end = self._events.tailer.subscribe(self._hear, types=[PrefetchSteered])

    def close(self) -> None:
        """Obey no more; it may start again."""
        end, self._end = self._end, None
        if end is not None:
            end()

    def outcomes(self) -> dict[str, str]:
        """Outcomes of the last orders by the ids of their events: empty, or why it failed."""
        with self._lock:
            return dict(self._outcomes)

    def check_known(self, worker: str) -> None:
        """Check that the worker reports.

        Raises:
            UnknownResource: it has not reported for 20 s.
            StoreUnavailable: Redis did not answer.
        """
        if worker not in self._reports.read():
            raise UnknownResource("worker", worker, "worker")

    def give(self, order: PrefetchSteered) -> str | None:
        """Have a worker obey, and wait for its outcome.

        Returns:
            The reason of a failure; empty on success; None without an outcome in time.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        entry = self._events.stream.publish(order)
        if entry is None:
            raise StoreUnavailable("redis")

        def outcome() -> str | None:
            found: str | None = (
                self._reports.read().get(order.worker, {}).get("orders", {}).get(entry)
            )
            return found

        return wait_for_acknowledgement(outcome, lambda reply: reply is not None)

    def _hear(self, stored: StoredEvent) -> None:
        order = stored.event
        if not isinstance(order, PrefetchSteered) or order.worker != self._events.instance_id:
            return
        try:
            self._obey(order)
            outcome = ""
        except PlatformError as error:
            outcome = str(error)
        log.info("prefetching: %s, asked by %s: %s", order.act, order.by, outcome or "done")
        with self._lock:
            self._outcomes.append((stored.id, outcome))
        self._notify()
