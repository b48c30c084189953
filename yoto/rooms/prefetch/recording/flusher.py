"""Brings actions to Redis: first into the log, then into the histories, until it works."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence

from yoto.redis import REDIS_UNAVAILABLE, ServerClock
from yoto.rooms.prefetch.recording.batch import VisitBatch
from yoto.rooms.prefetch.recording.log import BehaviourHistory, BehaviourLog
from yoto.rooms.prefetch.recording.recorder import Visit

log = logging.getLogger(__name__)

# Actions a batch: one script call of about 50 KB.
BATCH = 500


class Flusher:
    """The queue of actions for Redis. Safe for threads.

    Attributes:
        flushed: actions that are in Redis.
        dropped: actions that were dropped because too many wait for Redis.
        failures: tries that did not store everything.
    """

    def __init__(
        self,
        writer: str,
        events: BehaviourLog,
        history: BehaviourHistory,
        clock: ServerClock,
        limit: int,
    ) -> None:
        """``writer``: id of this worker. ``limit``: actions that may wait."""
        self.writer = writer
        self._log = events
        self._history = history
        self._clock = clock
        self._limit = limit
        self._number = 0
        self._waiting: deque[VisitBatch] = deque()
        self._fresh: list[Visit] = []
        self._forgotten: set[int] = set()
        self._lock = threading.Lock()
        self.flushed = 0
        self.dropped = 0
        self.failures = 0

    def add(self, visits: Sequence[Visit]) -> None:
        """Bring ``visits`` to Redis with the next flush; a surplus is dropped, and counted."""
        with self._lock:
            room = max(0, self._limit - len(self))
            self._fresh += visits[:room]
            self.dropped += len(visits) - min(room, len(visits))

    def flush(self) -> bool:
        """Try to store all waiting actions; whether nothing is left."""
        with self._lock:
            self._pack()
            try:
                while self._waiting:
                    if not self._store(self._waiting[0]):
                        self.failures += 1
                        return False
                    self._waiting.popleft()
            except REDIS_UNAVAILABLE as error:
                self.failures += 1
                log.debug("behaviour is not stored now: %s", error)
                return False
            return True

    def forget(self, user_id: int) -> None:
        """Drop a user's waiting actions; Redis rejects those that are being stored at this moment.

        It does not block, as a flush may wait for Redis.
        """
        self._forgotten.add(user_id)

    def __len__(self) -> int:
        """The number of waiting actions."""
        return len(self._fresh) + sum(map(len, self._waiting))

    def _pack(self) -> None:
        """Make batches of new actions, without the users who must be forgotten."""
        forgotten = frozenset(self._forgotten)
        self._forgotten -= forgotten
        for batch in self._waiting:
            for user_id in forgotten:
                batch.visits.pop(user_id, None)
        fresh = [visit for visit in self._fresh if visit.user_id not in forgotten]
        for start in range(0, len(fresh), BATCH):
            self._number += 1
            visits = fresh[start : start + BATCH]
            self._waiting.append(VisitBatch.of(self.writer, self._number, visits))
        self._fresh = []

    def _store(self, batch: VisitBatch) -> bool:
        moment = self._clock.monotonic()
        if not batch.visits:
            return True
        if not batch.logged:
            server_ms, forgotten = self._log.append(batch, moment)
            self._clock.observe(server_ms, moment)
            for user_id in forgotten:
                batch.visits.pop(user_id, None)
            batch.logged = True
        failed = set(self._history.keep(batch, moment)) if batch.visits else set()
        for user_id in batch.visits.keys() - failed:
            self.flushed += len(batch.visits.pop(user_id))
        return not failed
