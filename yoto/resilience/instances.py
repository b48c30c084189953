"""The living instances of the application, by their heartbeats."""

from __future__ import annotations

import logging
from functools import partial

from yoto.fleet import BEAT_SECONDS, GONE_AFTER_MS, Roster, Worker
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection

from .shares import Shares

log = logging.getLogger(__name__)


class Instances:
    """Announces this instance, and counts and lists all of them.

    Guards work without the fleet, and count processes with guards: their list is one of its own.

    Attributes:
        own_id: the id of this instance.
    """

    def __init__(self, redis: RedisConnection, own_id: str, shares: Shares | None = None) -> None:
        """``shares`` are told how many instances there are."""
        self._roster = Roster(redis, partial(redis.keys.tagged, "instances"), GONE_AFTER_MS)
        self.own_id = own_id
        self._shares = shares
        self._count = 1

    def count(self) -> int:
        """The number at the last heartbeat, this one included; no round trip."""
        return self._count

    def announce(self) -> float:
        """Send a heartbeat; returns seconds until the next."""
        try:
            self._count = self._roster.beat(self.own_id).alive
            if self._shares is not None:
                self._shares.hear(self._count)
        except REDIS_UNAVAILABLE as error:
            log.debug("no heartbeat: %s", error)
        return BEAT_SECONDS

    def all(self) -> list[Worker]:
        """Every living instance; raises ``StoreUnavailable`` without Redis."""
        return self._roster.all()

    def leave(self) -> None:
        """Report that this instance ends, so that its heartbeat is not awaited."""
        try:
            self._roster.leave(self.own_id)
            if self._shares is not None:
                self._shares.vacate()
        except REDIS_UNAVAILABLE as error:
            log.debug("the others learn by its silence that this instance ended: %s", error)
