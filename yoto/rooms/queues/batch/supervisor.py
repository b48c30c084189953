"""Watches over the calls of a process: keeps their leases, ends those that take too long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic

import msgspec

from yoto.housekeeping import Housekeeper
from yoto.redis import EXPECTED_FAILURES
from yoto.rooms.queues.batch.call import RunningCall, failure
from yoto.rooms.queues.batch.stats import BEAT, About
from yoto.rooms.queues.batch.store import QueueStore
from yoto.rooms.queues.batch.worker_pool import QueueWorkerPool
from yoto.rooms.queues.settings import QueueSettings

log = logging.getLogger(__name__)

# Share of a lease after which it is renewed, so that two tries may fail before it ends.
RENEW_SHARE = 1 / 3
# Share of its limit that a handler may exceed it by before that is noticed.
LATE_SHARE = 1 / 10
# s between checks of the calls.
LONGEST_LOOK = 1.0
SHORTEST_LOOK = 0.02


class QueueSupervisor:
    """One thread a process."""

    def __init__(
        self,
        store: QueueStore,
        settings: QueueSettings,
        pool: QueueWorkerPool,
        handlers: Mapping[str, object],
    ) -> None:
        self._store = store
        self._settings = settings
        self._pool = pool
        self._handlers = handlers
        self._renew_after = settings.lease * RENEW_SHARE
        look = min(settings.handler_limit * LATE_SHARE, self._renew_after / 2, LONGEST_LOOK)
        self._look = max(SHORTEST_LOOK, look)
        self._beat_every = min(BEAT, settings.lease)
        self._thread = Housekeeper("yoto-queue-keeper")
        self._thread.add("calls", self._watch)
        self.say_now: Callable[[], None] = self._thread.add("sign of life", self._beat)

    def start(self) -> None:
        """Start the thread if it does not run."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and report to the others that this consumer leaves."""
        self._thread.stop()
        try:
            self._store.beat(list(self._handlers), b"")
        except EXPECTED_FAILURES as error:
            log.info("nobody was told that a consumer leaves: %s", error)

    def _watch(self) -> float:
        now = monotonic()
        due = []
        for worker, call in self._pool.calls().items():
            if not call.returned and now - call.began > self._settings.handler_limit:
                self._give_up(worker, call)
            if not call.reported and now - call.renewed > self._renew_after:
                due.append(call)
        if due:
            self._renew(due, now)
        return self._look

    def _give_up(self, worker: threading.Thread, call: RunningCall) -> None:
        """Let the process go on without this call, and give its items to others."""
        limit = self._settings.handler_limit
        if not call.overdue:
            call.overdue = True
            log.error("a handler of %s takes longer than %s s", call.taken.kind, limit)
            self._pool.abandon(worker)
        if not call.reported:
            reason = f"TimeoutError: the handler took longer than {limit:g} s"
            result = failure(call.taken, reason, self._settings)
            call.reported = self._pool.settling.once(
                call.taken, result, sent_before=call.reported is False
            )

    def _renew(self, calls: list[RunningCall], now: float) -> None:
        try:
            held = self._store.renew([call.taken for call in calls])
        except EXPECTED_FAILURES as error:
            log.info("leases of items were not renewed, trying again: %s", error)
            return
        for call, ours in zip(calls, held, strict=True):
            call.renewed = now
            if ours < len(call.taken.deliveries) and not call.returned:
                lost = len(call.taken.deliveries) - ours
                log.warning("%d of %s are not ours any more", lost, call.taken.kind)

    def _beat(self) -> float:
        self._pool.mend()
        about = About(
            workers=self._pool.workers,
            busy=len(self._pool.calls()),
            abandoned=self._pool.abandoned,
            kinds=tuple(self._handlers),
        )
        try:
            self._store.beat(about.kinds, msgspec.json.encode(about))
        except EXPECTED_FAILURES as error:
            log.info("nobody was told that this consumer lives: %s", error)
        return self._beat_every
