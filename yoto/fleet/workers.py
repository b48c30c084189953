"""One worker's part in the fleet: its heartbeat, and whether it drains."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from yoto.errors import ValidationFailed
from yoto.events import Event, EventState, StoredEvent, event_type
from yoto.housekeeping import Housekeeper
from yoto.redis import EXPECTED_FAILURES

from .member import Drain, End, Worker, WorkerState
from .roster import BEAT_SECONDS, DRAINING, ENDED, GONE_AFTER_MS, LOST_FOR_MS, Roster


@event_type("worker.steered")
class WorkerSteered(Event, frozen=True, kw_only=True):
    """An operator asked a worker to drain or to resume; the worker receives the order by this.

    Attributes:
        worker: the instance.
        draining: whether it is to drain.
        by, reason: the operator, and why.
    """

    worker: str
    draining: bool
    by: str = ""
    reason: str = ""


@event_type("worker.drained")
class WorkerDrained(Event, frozen=True, kw_only=True):
    """A worker accepts no new sockets and reports that it is not ready.

    Attributes:
        worker: the instance.
        until_ms: when it resumes by itself; ms since 1970.
        by, reason: the order's operator, and why.
    """

    worker: str
    until_ms: int
    by: str = ""
    reason: str = ""


@event_type("worker.resumed")
class WorkerResumed(Event, frozen=True, kw_only=True):
    """A worker resumed: its order to drain was withdrawn, or expired."""

    worker: str


@event_type("worker.ended")
class WorkerEnded(Event, frozen=True, kw_only=True):
    """A worker is no more, or was not heard for so long that it must be taken to be.

    Attributes:
        worker: the instance.
        how: ``shutdown``: it said so itself; ``signal``, ``exit``: its supervisor saw how;
            ``silent``: nobody saw how, and the others have heard nothing of it.
        signal: the name of the signal that ended it, such as ``SIGKILL``.
        code: its exit code; None after a signal.
    """

    worker: str
    how: str
    signal: str = ""
    code: int | None = None


log = logging.getLogger(__name__)

# s for which a worker may be asked to drain.
SHORTEST_DRAIN, LONGEST_DRAIN = 5.0, 24 * 3600.0
# s to wait, after an order, for the worker to confirm it.
PATIENCE = 3.0
LOOK_SECONDS = 0.05
# Heartbeats in a row before a worker reports others as silent: after an outage of Redis all of
# them were. After that it looks once in so many.
BEATS_BEFORE_LOOK = 8
# ms for which a supervisor has time to say how a worker ended, before others say that it is silent.
SUPERVISOR_MS = 10_000

Facts = Callable[[], Mapping[str, Any]]
T = TypeVar("T")


def wait_for_acknowledgement(look: Callable[[], T], is_final: Callable[[T], bool]) -> T:
    """Poll until a worker has confirmed an order, for ``PATIENCE`` seconds at most.

    Returns:
        The last result of ``look``.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if is_final(found) or time.monotonic() >= deadline:
            return found
        time.sleep(LOOK_SECONDS)


class FleetService:
    """The ``fleet`` of an application. Safe for threads and greenlets."""

    def __init__(self, roster: Roster, events: EventState, facts: Facts) -> None:
        """Nothing connects and no thread starts.

        Args:
            facts: values that this worker reports with each heartbeat; quick, JSON-ready.
        """
        self._roster = roster
        self._events = events
        self._facts = facts
        self._lock = threading.Lock()
        self._drain: Drain | None = None
        self._ends_at = 0.0
        self._listeners: list[Callable[[bool], None]] = []
        self._beats = 0  # in a row that reached Redis
        self._noticed: set[str] = set()
        self._end: Callable[[], None] | None = None
        self._thread = Housekeeper("yoto-fleet")
        self._wake = self._thread.add("beat", self._beat)

    @property
    def id(self) -> str:
        """This worker's id."""
        return self._events.instance_id

    @property
    def draining(self) -> Drain | None:
        """The order in effect in this worker; None: it accepts new sockets."""
        return self._drain

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener`` with whether this worker drains, each time that changes."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Send heartbeats from now on, and receive orders."""
        with self._lock:
            if self._end is None:
                self._end = self._events.tailer.subscribe(self._hear, types=[WorkerSteered])
        self._thread.start()

    def close(self) -> None:
        """Say that this worker ends; it may start again."""
        with self._lock:
            end, self._end = self._end, None
        if end is None:
            return
        end()
        self._thread.stop()
        self._report(ENDED)
        self._publish_end(self.id, WorkerEnded(worker=self.id, how="shutdown"))

    def record_end(self, host: str, pid: int, returncode: int) -> None:
        """Keep and publish how a worker ended; for its supervisor, which sees it.

        A worker that said itself that it ends, or never was heard, needs none.

        Args:
            returncode: its exit code; below 0 the number of the signal that ended it.

        Raises:
            StoreUnavailable: Redis does not respond.
        """
        for worker in self.all():
            unsaid = worker.state is not WorkerState.ENDED and worker.end is None
            if (worker.host, worker.pid) == (host, pid) and unsaid:
                end = End.of_returncode(returncode)
                self._roster.end(worker.id, end)
                self._publish_end(
                    worker.id,
                    WorkerEnded(worker=worker.id, how=end.how, signal=end.signal, code=end.code),
                )
                # The last one heard comes first; an earlier one may have had the same process id.
                return

    def all(self) -> list[Worker]:
        """Every worker of the last day, those most recently heard first.

        Raises:
            StoreUnavailable: Redis does not respond.
        """
        return self._roster.all()

    def get(self, worker_id: str) -> Worker | None:
        """One worker; None if it is unknown. Raises as ``all``."""
        return next((one for one in self.all() if one.id == worker_id), None)

    def drain(self, worker_id: str, seconds: float, by: str, reason: str) -> Worker | None:
        """Ask a worker to accept no new sockets and to report that it is not ready.

        Args:
            seconds: for how long at most.

        Returns:
            The worker once it has confirmed; its last known state if it does not confirm in time.

        Raises:
            UnknownResource: there was no heartbeat from it within a day.
            ValidationFailed: ``seconds`` is out of range.
            StoreUnavailable: Redis does not respond.
        """
        if not SHORTEST_DRAIN <= seconds <= LONGEST_DRAIN:
            allowed = f"{SHORTEST_DRAIN:g} to {LONGEST_DRAIN:g}"
            raise ValidationFailed({"seconds": f"must be {allowed}, not {seconds:g}"})
        self._roster.order(worker_id, seconds, by, reason)
        return self._steer(worker_id, True, by, reason)

    def resume(self, worker_id: str, by: str, reason: str) -> Worker | None:
        """Take an order back; see ``drain``."""
        self._roster.order(worker_id, 0, by, reason)
        return self._steer(worker_id, False, by, reason)

    def _steer(self, worker_id: str, draining: bool, by: str, reason: str) -> Worker | None:
        self._events.stream.publish(
            WorkerSteered(worker=worker_id, draining=draining, by=by, reason=reason)
        )
        wanted = WorkerState.DRAINING if draining else WorkerState.LIVE
        final = (wanted, WorkerState.SILENT, WorkerState.ENDED)
        return wait_for_acknowledgement(
            lambda: self.get(worker_id), lambda found: found is None or found.state in final
        )

    def _hear(self, stored: StoredEvent) -> None:
        if isinstance(stored.event, WorkerSteered) and stored.event.worker == self.id:
            self._wake()

    def _beat(self) -> float:
        reached, order = self._report(DRAINING if self._drain else None)
        self._beats = self._beats + 1 if reached else 0
        if reached:
            self._obey(order)
            if self._beats % BEATS_BEFORE_LOOK == 0:
                with suppress(*EXPECTED_FAILURES):
                    self._notice_silent()
        elif self._drain is not None and time.monotonic() >= self._ends_at:
            # Redis is unavailable and cannot report that the order expired; its end is known here.
            self._obey(None)
        return BEAT_SECONDS

    def _publish_end(self, worker_id: str, event: WorkerEnded) -> None:
        """Publish it once for each worker."""
        self._events.stream.publish_once(event, f"worker.ended:{worker_id}:{event.how}")

    def _notice_silent(self) -> None:
        """Report workers that fell silent, except those whose end a supervisor has reported."""
        for worker in self.all():
            due = GONE_AFTER_MS + SUPERVISOR_MS <= worker.heard_ms < LOST_FOR_MS
            unsaid = worker.state is WorkerState.SILENT and worker.end is None
            if due and unsaid and worker.id not in self._noticed:
                self._noticed.add(worker.id)
                self._publish_end(worker.id, WorkerEnded(worker=worker.id, how="silent"))

    def _report(self, state: str | None) -> tuple[bool, Drain | None]:
        """Send a heartbeat; whether Redis responded, and the order that it had."""
        try:
            order, now_ms, _ = self._roster.beat(self.id, {**self._facts(), "state": state})
        except EXPECTED_FAILURES as error:
            log.debug("no heartbeat: %s", error)
            return False, None
        if order is not None:
            self._ends_at = time.monotonic() + (order.until_ms - now_ms) / 1000
        return True, order

    def _obey(self, order: Drain | None) -> None:
        with self._lock:
            before, self._drain = self._drain, order
        if (before is None) == (order is None):
            return
        for listener in self._listeners:
            try:
                listener(order is not None)
            except Exception:
                log.exception("a listener to draining failed")
        # Other workers see it at once, not at the next heartbeat.
        self._report(None if order is None else DRAINING)
        if order is None:
            log.info("taking what comes again")
            self._events.stream.publish(WorkerResumed(worker=self.id))
        else:
            log.warning("draining, asked by %s: %s", order.by, order.reason)
            self._events.stream.publish(
                WorkerDrained(
                    worker=self.id, until_ms=order.until_ms, by=order.by, reason=order.reason
                )
            )
