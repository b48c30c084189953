"""Reports the outcome of handlers' calls to Redis."""

from __future__ import annotations

import logging
import threading

from redis import exceptions

from yoto.redis import EXPECTED_FAILURES
from yoto.rooms.queues.batch.call import Result
from yoto.rooms.queues.batch.store import QueueStore, Taken

log = logging.getLogger(__name__)

# s between tries while Redis is unavailable.
PAUSE = 0.2


class Outage:
    """An outage of Redis: logs the first failure of a row, and the first success after it."""

    def __init__(self) -> None:
        self._lasts = False

    def failed(self, error: Exception) -> None:
        """Note that a call to Redis failed."""
        if not self._lasts:
            self._lasts = True
            log.warning("the queue is away: %s", error)

    def succeeded(self) -> None:
        """Note that a call to Redis succeeded."""
        if self._lasts:
            self._lasts = False
            log.info("the queue is back")


class Settling:
    """Reports outcomes; items without a report are tried again by others when their lease ends."""

    def __init__(self, store: QueueStore, outage: Outage) -> None:
        self._store = store
        self._outage = outage

    def until_heard(self, taken: Taken, result: Result, stop: threading.Event) -> None:
        """Report it again and again until Redis confirms, or until ``stop``."""
        sent_before = False
        while not self.once(taken, result, sent_before):
            sent_before = True
            if stop.wait(PAUSE):
                log.warning("%s: Redis was not told how a call ended", taken.kind)
                return

    def once(self, taken: Taken, result: Result, sent_before: bool) -> bool:
        """Report it; False if there was no reply.

        Args:
            sent_before: the same report was sent before, and the reply may have been lost.

        Raises:
            redis.exceptions.ResponseError: Redis refuses it, and would refuse it again.
        """
        outcome, reason, delays = result
        try:
            held, dead = self._store.settle(taken, outcome, reason, delays, sent_before)
        except exceptions.ResponseError:
            raise
        except EXPECTED_FAILURES as error:
            self._outage.failed(error)
            return False
        if dead:
            log.error("%d of %s are dead letters now: %s", dead, taken.kind, reason)
        if held < len(taken.deliveries) and not sent_before:
            late = len(taken.deliveries) - held
            log.warning("%d of %s were given to others before they were done", late, taken.kind)
        return True
