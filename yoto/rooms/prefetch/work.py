"""The background work in one thread: learning, storing, prefetching, reporting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any, Protocol

from yoto.events import BEGINNING
from yoto.housekeeping import Housekeeper
from yoto.redis import REDIS_UNAVAILABLE, ServerClock
from yoto.rooms.prefetch.analyzer import BehaviorAnalyzer
from yoto.rooms.prefetch.fetching import SmartPrefetcher
from yoto.rooms.prefetch.fleet import Orders, Reports
from yoto.rooms.prefetch.recording import (
    BehaviourHistory,
    BehaviourLog,
    BehaviourRecorder,
    Flusher,
    Visit,
)
from yoto.rooms.prefetch.steps import UserBehavior

log = logging.getLogger(__name__)

# s between turns: with work, soon after it, and after ``RESTED`` seconds without any action. People
# take seconds from one step to the next.
BUSY, IDLE, RESTING = 0.05, 0.25, 1.0
RESTED = 10.0
# s between looks at other workers' actions, while there are none here.
LISTEN = 0.9
FLUSH_INTERVAL = 1.0  # s
# Entries of the log a turn, and users whose history is read in a turn: a few ms each.
MAX_TASKS_REPORTED = 20  # of a worker, to the fleet
LOG_LIMIT, HISTORY_LIMIT = 500, 100


class CountedRequests(Protocol):
    """Counts of where people asked, which forget with the rest."""

    def forget(self, user_id: int) -> int:
        """Forget the requests of one user; raises ``StoreUnavailable``."""

    def forget_here(self, user_id: int) -> None:
        """Forget those that this process has not sent yet."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects that the work uses; one application's."""

    clock: ServerClock
    recorder: BehaviourRecorder
    log: BehaviourLog
    history: BehaviourHistory
    flusher: Flusher
    analyzer: BehaviorAnalyzer
    reports: Reports
    hot: CountedRequests | None = None
    orders: Orders | None = None


class PrefetchWork:
    """The tasks of one application; each may be called without the thread too.

    Attributes:
        log_failures, history_failures: reads that Redis did not answer.
        wake_report: has the thread report at once.
    """

    def __init__(
        self,
        parts: Parts,
        prefetcher: Callable[[], SmartPrefetcher | None],
        may_record: Callable[[], bool],
    ) -> None:
        """Nothing runs before ``start``.

        Args:
            prefetcher: gives the prefetcher at the first turn; None: there is no cache to fill.
            may_record: whether the fleet records behaviour now.
        """
        self._parts = parts
        self._prefetcher = prefetcher
        self._may_record = may_record
        self._position = BEGINNING
        self._listened_at = -LISTEN
        self._busy_at = -RESTED
        self._to_forget: set[int] = set()
        self.log_failures = 0
        self.history_failures = 0
        self.running = False
        self._housekeeper = Housekeeper("yoto-prefetch")
        self._housekeeper.add("learn", self.learn)
        self._wake_flush = self._housekeeper.add("flush", self.flush)
        self.wake_report = self._housekeeper.add("report", self.report)

    def start(self) -> None:
        """Begin, if it has not begun."""
        # The first turn will see whether anything may be recorded: asking could wait for Redis.
        self.running = self._parts.recorder.open = True
        self._housekeeper.start()

    def close(self) -> None:
        """End; waiting actions are stored if Redis takes them at once."""
        if not self.running:
            return
        self.running = False
        # While it is open: actions before this moment count.
        self._parts.recorder.read()
        self._parts.recorder.open = False
        self._housekeeper.stop()
        self._parts.flusher.add(self._parts.recorder.drain())
        self._parts.flusher.flush()
        self._parts.reports.withdraw()

    def learn(self) -> float:
        """Learn from the log and from this process's actions, then prefetch; s until the next
        turn."""
        parts = self._parts
        may_record = self._may_record()
        parts.recorder.open = self.running and may_record
        # Actions that still wait elsewhere are also a reason to listen first.
        parts.recorder.read()
        # Before the buffer is drained: a user who must be forgotten must not be learned once more.
        at_end = self._listen() if self._must_listen() else True
        drained = parts.recorder.drain()
        visits = drained if may_record else []
        self.read_histories([visit.user_id for visit in visits])
        for visit in visits:
            parts.analyzer.learn(self._activity_of(visit))
        parts.flusher.add(visits)
        prefetcher = self._prefetcher()
        begun = 0
        if prefetcher is not None:
            seen = [(visit.user_id, visit.step.place) for visit in visits if visit.observed]
            begun = prefetcher.turn(seen)
        if visits or begun or not at_end:
            self._busy_at = monotonic()
            return BUSY
        return IDLE if monotonic() - self._busy_at < RESTED else RESTING

    def _must_listen(self) -> bool:
        """Whether there are actions to learn here, or it is time to read those of others."""
        return len(self._parts.recorder) > 0 or monotonic() - self._listened_at >= LISTEN

    def _listen(self) -> bool:
        """Learn the new entries of the log; whether that was all, or Redis is unavailable."""
        try:
            at_end = self.hear()
            self._listened_at = monotonic() if at_end else -LISTEN
            return at_end
        except REDIS_UNAVAILABLE as error:
            self.log_failures += 1
            log.debug("the behaviour log is away: %s", error)
            return True

    def hear(self) -> bool:
        """Learn the new entries of the log, at most ``LOG_LIMIT``; whether that was all.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        parts = self._parts
        asked_at = parts.clock.monotonic()
        tail = parts.log.read(self._position, LOG_LIMIT)
        parts.clock.observe(tail.server_ms, asked_at)
        self._position = tail.position
        for entry in tail.entries:
            if entry.forgets:
                self._forget_here(entry.user_id)
            elif entry.writer != parts.flusher.writer:
                parts.analyzer.hear(entry.activities, entry.written_ms)
        return tail.at_end

    def read_histories(self, user_ids: list[int]) -> None:
        """Make models of users without one, as far as Redis responds."""
        unknown = self._parts.analyzer.unknown(user_ids)[:HISTORY_LIMIT]
        if not unknown:
            return
        try:
            found = self._parts.history.read(unknown)
        except REDIS_UNAVAILABLE as error:
            found = {}
            log.debug("histories cannot be read now: %s", error)
        self.history_failures += len(unknown) - len(found)
        self._parts.analyzer.install(found)

    def flush(self) -> float:
        """Store this process's actions; s until the next time."""
        self._parts.flusher.flush()
        for user_id in list(self._to_forget):
            try:
                self.forget(user_id)
            except REDIS_UNAVAILABLE as error:
                log.warning("user %d is to be forgotten, and is not yet: %s", user_id, error)
                break
            self._to_forget.discard(user_id)
        return FLUSH_INTERVAL

    def report(self) -> float:
        """Publish this worker's statistics to the fleet; s until the next time."""
        prefetcher = self._prefetcher()
        orders = self._parts.orders
        message = self.stats() | {
            "tasks": [] if prefetcher is None else prefetcher.tasks()[:MAX_TASKS_REPORTED],
            "paused": prefetcher is not None and prefetcher.paused,
            "orders": {} if orders is None else orders.outcomes(),
        }
        return self._parts.reports.publish(message)

    def forget(self, user_id: int) -> None:
        """Forget a user in Redis and in every worker.

        Raises:
            StoreUnavailable: Redis did not answer; it must be asked again.
        """
        self._forget_here(user_id)
        self._parts.history.forget(user_id)
        self._parts.log.forget(user_id)
        if self._parts.hot is not None:
            self._parts.hot.forget(user_id)
        # Actions that were recorded in the meantime.
        self._forget_here(user_id)

    def forget_later(self, user_id: int) -> None:
        """As ``forget``, in the background, again and again until Redis took it."""
        self._forget_here(user_id)
        self._to_forget.add(user_id)
        if self.running:
            self._wake_flush()
        else:
            self.flush()

    def stats(self) -> dict[str, Any]:
        """The statistics of this process."""
        parts, prefetcher = self._parts, self._prefetcher()
        parts.recorder.read()
        return {
            "running": self.running,
            "recording": parts.recorder.open,
            "recorded": {
                "noted": parts.recorder.noted,
                "stored": parts.flusher.flushed,
                "dropped": parts.recorder.dropped + parts.flusher.dropped,
                "waiting": len(parts.recorder) + len(parts.flusher),
            },
            "known": parts.analyzer.sizes,
            "failures": {
                "flush": parts.flusher.failures,
                "log": self.log_failures,
                "history": self.history_failures,
                "tasks": sum(self._housekeeper.failures.values()),
                "forget_waiting": len(self._to_forget),
            },
            "prefetch": None if prefetcher is None else asdict(prefetcher.stats()),
        }

    def _activity_of(self, visit: Visit) -> UserBehavior:
        at = self._parts.clock.at(visit.moment)
        return UserBehavior(visit.user_id, *visit.step, at=at, observed=visit.observed)

    def _forget_here(self, user_id: int) -> None:
        self._parts.recorder.forget(user_id)
        self._parts.flusher.forget(user_id)
        self._parts.analyzer.forget(user_id)
        if self._parts.hot is not None:
            self._parts.hot.forget_here(user_id)
        prefetcher = self._prefetcher()
        if prefetcher is not None:
            prefetcher.forget(user_id)
