"""The recent inputs of all processes, in Redis."""

from __future__ import annotations

from collections.abc import Sequence

from yoto.redis import RedisConnection, load_script

CAPACITY = 500
# ms. A change is tried on recent questions, and nothing is kept without need.
TTL_MS = 24 * 3600 * 1000

_KEEP = load_script("yoto.rooms.policies.recent.lua", "keep.lua")


class SharedInputs:
    """A list of the newest inputs that any process of the application took."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis
        self._key = redis.keys.tagged("policy", "recent")

    def keep(self, taken: Sequence[str]) -> None:
        """Add inputs, oldest first; raises ``StoreUnavailable``."""
        if taken:
            self._redis.scripts.run(_KEEP, [self._key], (CAPACITY, TTL_MS, *taken))

    def latest(self, limit: int) -> Sequence[str]:
        """The newest inputs, newest first; raises ``StoreUnavailable``."""
        found = self._redis.client.lrange(self._key, 0, limit - 1)
        return [one.decode() for one in found]
