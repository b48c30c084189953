"""Smart invalidation as one object, without Flask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import NamedTuple

from yoto.errors import ValidationFailed
from yoto.optimization.lock import DistributedLocks
from yoto.redis import RedisConnection
from yoto.rooms.queues.invalidation.analysis import Analysis, analyse, figures_of
from yoto.rooms.queues.invalidation.names import LEVELS
from yoto.rooms.queues.invalidation.queue import InvalidationQueue, Receipt
from yoto.rooms.queues.invalidation.requests import LogAccess, Submission, check_submissions
from yoto.rooms.queues.invalidation.snapshot import Delayed, Forced, InvalidationSnapshot
from yoto.rooms.queues.invalidation.worker import InvalidationWorker
from yoto.rooms.queues.settings import InvalidationSettings, Strategy
from yoto.rules import ABOVE_0, Errors, Number, OneOf, check, refuse

# Groups, by size, that an analysis lists.
SHOWN = 20
# s between two polls of a waiter.
POLL = 0.02
MAX_FORCED = 86_400.0  # s


class Drained(NamedTuple):
    """The progress of the queue.

    Attributes:
        done: whether everything that was submitted before has been published.
        position: the log's position of the last publication; the result of a check with
            ``at_least=position`` is no older. None: nothing was ever published.
        left: items that wait or are being published.
    """

    done: bool
    position: str | None
    left: int


@dataclass(frozen=True, slots=True)
class InvalidationStats:
    """The queue of all processes, and the part of this one.

    Attributes:
        waiting, claimed: items that wait, and that are being published.
        later: items that are not due yet; ``next_due`` is the first.
        totals: counters of all processes: ``submitted`` items and those ``merged`` with waiting
            ones; ``delayed`` until due; ``processed`` items and the ``processed_due`` ones among
            them; the ``subjects`` that they became, in so many ``publications``; ``by_<strategy>``:
            items by strategy.
        inflow, outflow: items a second, fading over a minute.
        position: the log's position of the last publication.
        strategy: the strategy of the workers now, and ``forced`` an operator's choice.
        failures: turns of this process in which Redis or the log did not respond.
    """

    waiting: int
    claimed: int
    later: int
    next_due: Delayed | None
    oldest_age: float
    totals: Mapping[str, int]
    inflow: float
    outflow: float
    position: str | None
    strategy: Strategy
    forced: Forced | None
    failures: int


class SmartInvalidation:
    """A queue of invalidations for floods and for scheduled ones. Safe for threads.

    An ordinary change does not go through it: it is in the log right after its commit.
    Every method that asks Redis raises ``StoreUnavailable`` when Redis does not respond.

    Attributes:
        settings: the settings of the queue.
    """

    def __init__(
        self,
        redis: RedisConnection,
        locks: DistributedLocks,
        settings: InvalidationSettings | None = None,
    ) -> None:
        """Nothing connects and no thread starts before the first use."""
        self.settings = settings or InvalidationSettings()
        self._queue = InvalidationQueue(redis, self.settings)
        self._log: LogAccess | None = None
        self._worker = InvalidationWorker(self._queue, locks, self.settings, self._access)
        redis.on_recovered(self._worker.wake)

    def connect(self, log: LogAccess) -> None:
        """Give it the log, which belongs to a layer above."""
        self._log = log

    def start(self) -> None:
        """Publish from now on whenever it is this process's turn.

        Raises:
            RuntimeError: it has no log.
        """
        self._access()
        self._worker.start()

    def close(self) -> None:
        """End the thread; it may start again."""
        self._worker.close()

    def retune(self, settings: InvalidationSettings) -> None:
        """Change the settings, from the next poll of the queue on."""
        self.settings = self._queue.settings = self._worker.settings = settings
        self._worker.wake()

    def submit(
        self,
        subject: str,
        reason: str,
        level: str = LEVELS[0],
        covering: str | None = None,
        due: float | None = None,
    ) -> Receipt:
        """Queue one subject; see ``Submission``. When this returns, Redis has it.

        Raises:
            ValidationFailed: it names the field; nothing was stored.
            RuntimeError: it has no log.
        """
        return self.submit_many([Submission(subject, reason, level, covering, due)])

    def submit_subjects(
        self, subjects: Sequence[str], reason: str, level: str, covering: str | None
    ) -> Receipt:
        """Queue many that share all but the subject; raises as ``submit``."""
        return self.submit_many([Submission(one, reason, level, covering) for one in subjects])

    def submit_many(self, submissions: Sequence[Submission]) -> Receipt:
        """Queue many at once, in one call of Redis for each 500 different ones.

        Raises: as ``submit``. When Redis fails in between, some are stored; submit all again.
        """
        if not submissions:
            raise ValidationFailed({"subjects": "at least one is needed"})
        check_submissions(submissions, self._access())
        receipts = []
        delayed = [one for one in submissions if one.due is not None]
        if delayed:
            receipts.append(self._queue.delay(delayed))
        at_once = [one for one in submissions if one.due is None]
        if at_once:
            receipts.append(self._queue.submit(at_once))
        self._worker.wake()
        return Receipt(max(one.at_ms for one in receipts), sum(one.new for one in receipts))

    def analysis(self) -> Analysis:
        """The health of the queue, recommendations, and the strategy."""
        return self._analysis(self._queue.look(SHOWN))

    def stats(self) -> InvalidationStats:
        """The pending items and the counters."""
        return self._stats(self._queue.look(SHOWN))

    def look(self) -> tuple[InvalidationStats, Analysis]:
        """The statistics and the analysis, from one look."""
        snapshot = self._queue.look(SHOWN)
        return self._stats(snapshot), self._analysis(snapshot)

    def _analysis(self, snapshot: InvalidationSnapshot) -> Analysis:
        return analyse(figures_of(snapshot), self.settings)

    def _stats(self, snapshot: InvalidationSnapshot) -> InvalidationStats:
        return InvalidationStats(
            waiting=snapshot.waiting,
            claimed=snapshot.claimed,
            later=snapshot.later,
            next_due=snapshot.next_due,
            oldest_age=snapshot.oldest_age,
            totals=snapshot.totals,
            inflow=snapshot.inflow,
            outflow=snapshot.outflow,
            position=snapshot.position,
            strategy=self._worker.strategy(snapshot),
            forced=snapshot.forced,
            failures=self._worker.failures,
        )

    def done(self, receipt: Receipt) -> Drained:
        """Whether items submitted at ``receipt`` or before, and due, have been published."""
        return _drained(self._queue.look(0), receipt.at_ms)

    def drain(self, timeout: float, receipt: Receipt | None = None) -> Drained:
        """Wait at most ``timeout`` seconds until that is so; without a receipt: for all items up to
        now.

        It publishes nothing by itself: some process must have been started.
        """
        deadline = monotonic() + timeout
        snapshot = self._queue.look(0)
        at_ms = snapshot.now_ms if receipt is None else receipt.at_ms
        while not (drained := _drained(snapshot, at_ms)).done and monotonic() < deadline:
            sleep(POLL)
            snapshot = self._queue.look(0)
        return drained

    def force(self, strategy: Strategy | str | None, seconds: float, reason: str) -> None:
        """Make all workers follow ``strategy`` for a while; None: the configured strategy again.

        Raises:
            ValidationFailed: no such strategy, or a time out of range.
        """
        errors: Errors = {}
        if strategy is not None:
            check(errors, "strategy", strategy, OneOf(Strategy))
        says = f"above 0 and at most {MAX_FORCED:.0f}"
        check(errors, "seconds", seconds, Number(ABOVE_0, MAX_FORCED, says=says))
        refuse(errors)
        self._queue.force(None if strategy is None else Strategy(strategy), seconds, reason)

    def _access(self) -> LogAccess:
        if self._log is None:
            raise RuntimeError("smart invalidation has no log: call invalidation.connect first")
        return self._log


def _drained(snapshot: InvalidationSnapshot, at_ms: int) -> Drained:
    # An item keeps the time at which it was first submitted, so a later one never looks older.
    done = snapshot.oldest_ms is None or snapshot.oldest_ms > at_ms
    due = snapshot.next_due
    done = done and (due is None or due.due_ms > at_ms)
    return Drained(done, snapshot.position, snapshot.length)
