"""How many instances share the limits, for the time when they cannot ask each other."""

from __future__ import annotations

import logging

from app.core.redis import RedisConnection

from . import scripts
from .store_error import STORE_ERRORS

log = logging.getLogger(__name__)

# Seconds between announcements, and for which one counts: two may get lost.
ANNOUNCE_EVERY = 5.0
ALIVE_FOR = 15.0


class Fleet:
    """Announces this instance and remembers how many there were when Redis was last heard."""

    def __init__(self, redis: RedisConnection, instance_id: str) -> None:
        self._redis = redis
        self._instance_id = instance_id
        self._size = 1

    def size(self) -> int:
        """Instances, at least this one; what ``Runtime.instances`` wants."""
        return self._size

    def announce(self) -> float:
        """Say that this instance lives; call it again after the seconds that it returns."""
        try:
            self._size = max(1, self._say(ALIVE_FOR))
        except STORE_ERRORS as error:
            log.debug("the fleet was not told of this instance: %s", error)
        return ANNOUNCE_EVERY

    def leave(self) -> None:
        """Say that this instance ends."""
        try:
            self._say(0.0)
        except STORE_ERRORS as error:
            log.debug("the fleet learns by itself that this instance ended: %s", error)

    def _say(self, seconds: float) -> int:
        key = self._redis.keys.tagged("instances")
        args = (self._instance_id, int(seconds * 1_000_000))
        alive: int = self._redis.scripts.run(scripts.FLEET_ANNOUNCE, (key,), args)
        return alive
