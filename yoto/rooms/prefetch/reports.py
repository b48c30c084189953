"""Reports of every worker's prefetching in one place; silent workers are dropped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from yoto.fleet import Roster
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection

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
