"""Follows the invalidation log, and reports how far and how recently it has read."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from yoto.cache.coherence import Coherence
from yoto.cache.continuity import Continuity, Gap, Lapses
from yoto.cache.listeners import Listener, Listeners, Watcher
from yoto.cache.log import InvalidationLog, LogEntry, entry_of
from yoto.cache.position import Position
from yoto.cache.tags import GLOBAL
from yoto.redis import READ_LIMIT, Following, RawEntry, RedisConnection

log = logging.getLogger(__name__)

# The longest wait of a read for news, in ms and as a part of MAX_STALENESS: a worker that wakes
# as late again for its next read is still fresh.
BLOCK_MS = 1000
BLOCK_SHARE = 1 / 2
# Newest entries of which the time of their application is remembered.
RECENT = 32


@dataclass
class TailerCounts:
    """A tailer's counters since the process started.

    Attributes:
        entries: entries applied.
        gaps: times that events may have been missed, so that everything was dropped.
        lapses: times that the log was not read for so long that memory was dropped.
        losses: times that Redis could not be read.
    """

    entries: int = 0
    gaps: int = 0
    lapses: int = 0
    losses: int = 0


class Tailer:
    """Keeps one application up with the log, in the thread that follows its streams.

    Attributes:
        applied: position up to which the log was applied. Read it *before* reading the database.
        fresh_until: monotonic time until which remembered entries may be used. It counts from the
            moment a request was sent, so that a process that was paused before it saw the reply
            does not think itself fresh.
        recent: the newest applied positions, each with the monotonic time at which it was applied.
    """

    name = "invalidation log"

    def __init__(
        self,
        redis: RedisConnection,
        invalidations: InvalidationLog,
        coherence: Coherence,
        max_staleness: float,
    ) -> None:
        """``max_staleness`` is in seconds; nothing is followed yet."""
        self._redis = redis
        self._log = invalidations
        self._coherence = coherence
        self._max_staleness = max_staleness
        self._block_ms = min(BLOCK_MS, round(max_staleness * 1000 * BLOCK_SHARE))
        self._continuity = Continuity()
        self._lapses = Lapses()
        # Whether a read has failed since the log was heard last.
        self._failed = False
        self._listeners = Listeners()
        self._start_lock = threading.Lock()
        self._noting = threading.Lock()
        self._progress = threading.Condition()
        self._following: Following | None = None
        self._closed = False
        self._sent = 0.0
        self._newest = Position(0)
        self._tried = threading.Event()
        self._heard_at: float | None = None
        self._newest_number = 0
        # Every reader must be notified that Redis lost entries.
        self._must_renew = False
        self.applied = Position(0)
        self.fresh_until = 0.0
        self.recent: deque[tuple[Position, float]] = deque(maxlen=RECENT)
        self.counts = TailerCounts()

    @property
    def key(self) -> str:
        """The log's key in Redis."""
        return self._log.key

    def start(self) -> None:
        """Follow the log, unless that is done. A fork keeps no threads: its first miss begins."""
        with self._start_lock:
            if not self.running:
                self._tried = threading.Event()
                self._closed = False
                self._following = self._redis.follow(self)

    @property
    def running(self) -> bool:
        """Whether the log is followed in this process."""
        following = self._following
        return following is not None and following.running

    def close(self, timeout: float = 1.0) -> None:
        """Apply nothing more, and wait at most ``timeout`` seconds for the entry under way."""
        with self._start_lock:
            following, self._following = self._following, None
            self._closed = True
        if following is not None:
            following.end(timeout)
        self.fresh_until = 0.0

    def hurry(self) -> None:
        """Try at once, for a caller who knows that Redis is back."""
        following = self._following
        if following is not None:
            following.hurry()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(tags, position)`` for each entry, once it was applied.

        It runs in the tailer's thread and must be quick. ``("global",)`` stands for anything that
        may have changed, policies included; it is published once at the start, and after a gap.

        Returns:
            A callable that ends the subscription.
        """
        return self._listeners.add(listener)

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher(entry)`` for each entry once it was applied, also where listeners are
        notified that anything may have changed. It runs in the tailer's thread and must be quick.
        """
        self._listeners.watch(watcher)

    def append(self, tags: Iterable[str], late_ms: int = 0) -> Position:
        """Append to the log; the position does not count as applied before it was read back.

        Args:
            late_ms: for how long the oldest of these changes has waited, for metrics.

        Raises:
            ValidationFailed: a tag is malformed, or there is none.
            StoreUnavailable: Redis did not answer; the entry may be there all the same.
        """
        entry = self._log.append(tags, self._continuity.known, late_ms)
        self._note(entry)
        return entry.position

    @property
    def applied_number(self) -> int | None:
        """The number of the last entry that was applied; entries are numbered one by one.

        None: none was applied, or entries were lost and the next one begins anew.
        """
        return self._continuity.number

    @property
    def newest_number(self) -> int | None:
        """The number of the newest entry that this process has seen or written; None: none."""
        return max(self._newest_number, self._continuity.known_number) or None

    @property
    def known(self) -> Position:
        """The newest position that this process has read or was given."""
        return self._continuity.known

    @property
    def listener_failures(self) -> int:
        """Exceptions that listeners raised; each was logged and changed nothing."""
        return self._listeners.failures

    @property
    def fresh(self) -> bool:
        """Whether remembered entries may be used: all earlier changes are known here."""
        return monotonic() < self.fresh_until

    @property
    def silent_for(self) -> float | None:
        """Seconds since the log was last known to be read to its end; None: never."""
        heard_at = self._heard_at
        return None if heard_at is None else monotonic() - heard_at

    def wait_until_applied(self, position: int, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds until ``position`` was applied; whether it was."""
        if self.applied >= position:
            return True
        with self._progress:
            return self._progress.wait_for(lambda: self.applied >= position, timeout)

    def wait_until_tried(self, timeout: float) -> None:
        """Wait at most ``timeout`` seconds until the log was read to its end, or is unavailable."""
        self._tried.wait(timeout)

    def begin(self) -> tuple[str, int]:
        """Before a read: see ``Followed``."""
        while True:
            if self._must_renew:
                self.append((GLOBAL,))
                self._must_renew = False
            known = self._continuity.known
            self._sent = monotonic()
            newest = self._log.listen(known, self._max_staleness)
            self._newest_number = newest.number
            gap = self._continuity.check_newest(newest, known)
            if gap is None:
                break
            self._begin_anew(gap, Position(known + 1))
        self._newest = newest.position
        if newest.position > self.applied:
            return str(self.applied), 1  # entries that are there need no waiting
        self._forget_after_silence()
        self._hear()
        return str(self.applied), self._block_ms

    def take(self, entries: Sequence[RawEntry]) -> None:
        """The result of a read: see ``Followed``."""
        found = [entry_of(raw) for raw in entries]
        self._forget_after_silence()
        if found:
            self._apply(found, self._newest)
        at_end = len(found) < READ_LIMIT
        if at_end:
            self._hear()
        self._listeners.notify(found, at_end, self.applied)
        if at_end:
            self._tried.set()

    def lost(self) -> None:
        """The log is unavailable: see ``Followed``."""
        self.counts.losses += 1
        self._failed = True
        self._tried.set()

    def _apply(self, entries: Sequence[LogEntry], newest: Position) -> None:
        for entry in entries:
            with self._noting:
                gap = self._continuity.follow(entry)
            if gap is Gap.START:
                # An entry trimmed before is older than the oldest that is left.
                self._coherence.flush(entry.position)
            elif gap is not None:
                self._begin_anew(gap, max(newest, entries[-1].position))
        self._coherence.apply(entries)
        self.counts.entries += len(entries)
        self.applied = entries[-1].position
        applied_at = monotonic()
        self.recent.extend((entry.position, applied_at) for entry in entries[-RECENT:])
        with self._progress:
            self._progress.notify_all()

    def _begin_anew(self, gap: Gap, base: Position) -> None:
        """Believe nothing from before ``base``, since entries were missed.

        When Redis lost them, the affected entries of the second tier are unknown, and other workers
        may not notice. A new entry makes every worker drop them all.
        """
        self._coherence.flush(base)
        self._listeners.expect_anything()
        self.counts.gaps += 1
        log.warning("entries of the invalidation log were missed before %s (%s)", base, gap)
        if gap is Gap.REWRITTEN:
            self._must_renew = True
            with self._noting:
                self._continuity.begin_anew()

    def _hear(self) -> None:
        """Note that all entries from before the read are applied."""
        if not self._closed:
            self._heard_at = self._sent
            self._failed = False
            self.fresh_until = self._sent + self._max_staleness

    def _forget_after_silence(self) -> None:
        silent_for = self.silent_for
        if silent_for is not None and silent_for > self._max_staleness:
            self.counts.lapses += 1
            self._coherence.forget()
            self._lapses.note(silent_for, self._failed)
        else:
            self._lapses.end_if_over()

    def _note(self, entry: LogEntry) -> None:
        with self._noting:
            self._continuity.note(entry)
