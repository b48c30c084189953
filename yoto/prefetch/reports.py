"""How every worker does, in one place: each tells of itself, and the silent ones are dropped."""

from __future__ import annotations

import json
import logging
from typing import Any

from yoto.prefetch.recording import AWAY
from yoto.redis import RedisConnection, load_script

log = logging.getLogger(__name__)

_REPORT = load_script("yoto.prefetch.lua", "report.lua")

INTERVAL = 5.0  # s
# ms without a report after which a worker is gone.
SILENCE_MS = 20_000


class Reports:
    """The reports of the fleet, as one worker writes and reads them."""

    def __init__(self, redis: RedisConnection, worker: str) -> None:
        """``worker``: id of this process. Nothing connects before the first use."""
        self._redis = redis
        self._worker = worker
        self._key = redis.keys.behaviour_log("reports")

    def publish(self, report: str) -> float:
        """Write ours, as JSON; s until the next one is due. Without Redis there is none."""
        try:
            self._redis.scripts.run(_REPORT, [self._key], [self._worker, report, SILENCE_MS])
        except AWAY as error:
            log.debug("the report of this worker is not published now: %s", error)
        return INTERVAL

    def withdraw(self) -> None:
        """Take ours back: the worker ends."""
        try:
            self._redis.client.hdel(self._key, self._worker)
        except AWAY as error:
            log.debug("the report of this worker runs out by itself: %s", error)

    def read(self) -> dict[str, Any]:
        """The last report of each worker.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        found = self._redis.client.hgetall(self._key)
        return {
            worker.decode(): json.loads(report.decode().partition(" ")[2])
            for worker, report in sorted(found.items())
        }
